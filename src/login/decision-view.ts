import type { JsonObject, JsonValue } from '../schema/types.ts'
import { type Html, html } from './html.ts'

/**
 * A decision for whoever tries the sandbox: its steps, its warnings, its SCIM operations and the user. Takes the
 * decision's document as the admin API shows it, and the SCIM User of the answer.
 */
export function decisionView(decision: JsonObject, user: JsonValue | undefined): Html {
  const operations = Array.isArray(decision.operations) ? decision.operations : []
  return html`
<section>
<h2>Decision</h2>
<p><b>${text(decision.outcome)}</b>${decision.code ? html` · <code>${text(decision.code)}</code>` : null}
 · <span class="reference">${text(decision.reference)}</span></p>
<div class="rows"><table>
<tr><th>Step</th><th>Result</th><th>Why</th></tr>
${objects(decision.steps).map(stepRow)}
</table></div>
${objects(decision.warnings).map((warning) => html`<p class="warn"><code>${text(warning.code)}</code> ${text(warning.detail)}</p>`)}
</section>
<section>
<h2>SCIM operations</h2>
${
  operations.length === 0
    ? html`<p class="soft">None: nothing had to change.</p>`
    : html`<p class="soft">What was executed, as a SCIM client could have sent it.</p><pre>${pretty(operations)}</pre>`
}
</section>
${user ? html`<section><h2>User</h2><pre>${pretty(user)}</pre></section>` : null}`
}

function stepRow(step: JsonObject): Html {
  const result = text(step.result)
  const code = step.code ? html` <code>${text(step.code)}</code>` : null
  return html`<tr><td>${text(step.step)}</td><td class="${result}">${result}</td><td>${text(step.detail)}${code}</td></tr>`
}

function objects(value: JsonValue | undefined): readonly JsonObject[] {
  if (!Array.isArray(value)) return []
  return value.filter((entry): entry is JsonObject => typeof entry === 'object' && entry !== null)
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function pretty(value: JsonValue): string {
  return JSON.stringify(value, null, 2)
}
