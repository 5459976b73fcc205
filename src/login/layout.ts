import { createHash } from 'node:crypto'
import { Html, html } from './html.ts'

const style = `
:root{color-scheme:light dark;--ink:#1d2430;--soft:#5c6675;--paper:#f6f7f9;--card:#fff;--line:#e1e5ea;--accent:#2257c9;--calm:#1f7a4d;--warn:#9a5b00}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa4b2;--paper:#12151a;--card:#1b2027;--line:#2c333d;--accent:#8db2ff;--calm:#6fce9e;--warn:#e8b25c}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:44rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem}
h2{font-size:1.05rem;margin:2rem 0 .5rem}
p{margin:.5rem 0}
a{color:var(--accent)}
section,.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem 1.1rem;margin:1rem 0}
section h2{margin-top:0}
ul.people{list-style:none;margin:0;padding:0;display:grid;gap:.6rem}
ul.people a,ul.people button{display:block;width:100%;text-align:left;font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.7rem .9rem;text-decoration:none;cursor:pointer}
ul.people a:hover,ul.people button:hover,ul.people a:focus-visible,ul.people button:focus-visible{border-color:var(--accent)}
small,.soft{color:var(--soft);font-size:.9rem}
small{display:block}
code,pre{font:.85rem/1.5 ui-monospace,monospace}
pre{overflow-x:auto;background:var(--paper);border:1px solid var(--line);border-radius:.5rem;padding:.7rem .8rem;margin:.5rem 0}
.rows{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;padding:.35rem .8rem .35rem 0;vertical-align:top;border-top:1px solid var(--line)}
th{border-top:0;color:var(--soft);font-weight:500}
.reference{font:600 1.05rem ui-monospace,monospace;letter-spacing:.04em}
.pass{color:var(--calm)}.refuse,.warn{color:var(--warn)}.skip{color:var(--soft)}
`

const styleHash = createHash('sha256').update(style).digest('base64')

/** A page: its title and what stands in its body. */
export interface Page {
  readonly title: string
  readonly body: Html
}

/** The whole document. No script, no image, nothing from elsewhere. */
export function renderPage(page: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
${page.body}
</main>
</body>
</html>
`.text
}

/** What every page is sent with: not kept, not framed, nothing loaded and nothing run. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
}
