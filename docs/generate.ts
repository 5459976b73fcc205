/** Writes the pages under docs/ that are made from code: `npm run docs`. Tests hold pages and code equal. */
import { writeFileSync } from 'node:fs'
import { conformancePage } from './conformance-page.ts'
import { dialectsPage } from './dialects-page.ts'
import { hostileInputsPage } from './hostile-inputs-page.ts'
import { settingsPage } from './settings-page.ts'

writeFileSync(new URL('settings.md', import.meta.url), settingsPage())
writeFileSync(new URL('dialects.md', import.meta.url), dialectsPage())
writeFileSync(new URL('conformance.md', import.meta.url), conformancePage())
writeFileSync(new URL('hostile-inputs.md', import.meta.url), hostileInputsPage())
