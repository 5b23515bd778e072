import { byId, element } from './dom.ts'

/** Shows names and values as a list of facts; a value is written only when it changes. */
export function showFacts(id: string, facts: readonly (readonly [name: string, value: string])[]) {
  const list = byId(id)
  for (const [name, value] of facts) {
    const shown = list.querySelector(`[data-fact="${name}"]`)
    if (shown === null)
      list.append(
        element('div', {}, element('dt', {}, name), element('dd', { 'data-fact': name }, value)),
      )
    else if (shown.textContent !== value) shown.textContent = value
  }
}
