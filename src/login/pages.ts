import type { UsherError } from '../errors.ts'
import { type Html, html } from './html.ts'
import type { Page } from './layout.ts'

/** What the person sees when the sign-in succeeded and no application waits for them. */
export function successPage(organization: string, reference: string, further: Html | null): Page {
  return {
    title: 'Signed in',
    body: html`<h1>You are signed in to ${organization}.</h1>
<p>You can close this page. Should you have a question about this sign-in, its reference is
 <span class="reference">${reference}</span>.</p>
${further}`,
  }
}

/**
 * What the person sees instead of an error: one calm sentence, and the reference by which an administrator finds the
 * reason. The sentence depends on the status only, so that it tells nobody which accounts exist.
 */
export function failurePage(error: UsherError, further: Html | null): Page {
  const { title, sentence, advice } = words(error.status)
  const reference = typeof error.members.reference === 'string' ? error.members.reference : null
  return {
    title,
    body: html`<h1>${sentence}</h1>
<p>${advice}</p>
${reference && html`<p>Reference: <span class="reference">${reference}</span></p>`}
${further}`,
  }
}

interface Words {
  readonly title: string
  readonly sentence: string
  readonly advice: string
}

function words(status: number): Words {
  switch (status) {
    case 400:
      return {
        title: 'Sign-in not completed',
        sentence: 'This sign-in could not be completed.',
        advice:
          'It may have been started in another window, or have taken too long. Please start again from your application.',
      }
    case 403:
      return {
        title: 'No access',
        sentence: 'We could not let you in.',
        advice: 'Please ask your administrator, and name the reference if one is shown.',
      }
    case 404:
      return {
        title: 'Not found',
        sentence: 'There is nothing to sign in to here.',
        advice: 'Please check the address, or start from your application.',
      }
    case 502:
      return {
        title: 'Sign-in service not available',
        sentence: 'Your organization’s sign-in service did not answer as it should.',
        advice: 'Please try again in a moment.',
      }
    default:
      return {
        title: 'Not available',
        sentence: 'Signing in does not work at the moment.',
        advice: 'Nothing was lost. Please try again in a moment.',
      }
  }
}
