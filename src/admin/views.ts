/** What answers of several resources consist of, for the OpenAPI document. */
import { z } from 'zod'

export const id = z.string()
export const time = z.iso.datetime()
/** Who wrote something. */
export const source = z.string()

export const warning = z.object({ code: z.string(), detail: z.string() })

export const scimUser = z.looseObject({ schemas: z.array(z.string()), id }).describe('A SCIM User (RFC 7643).')

/** A secret that is in this answer only. */
export const withToken = { token: z.string().describe('Shown in this answer only.') }

export const jobStarted = z.object({ job: z.string().describe('Its state is at `/api/v1/jobs/{id}`.') })
