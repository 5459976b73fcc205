/** Writes the pages under docs/ that are made from code: `npm run docs`. Tests hold pages and code equal. */
import { writeFileSync } from 'node:fs'
import { settingsPage } from './settings-page.ts'

writeFileSync(new URL('settings.md', import.meta.url), settingsPage())
