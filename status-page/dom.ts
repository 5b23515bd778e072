/** Finds the element of the page with this id. */
export function byId(id: string): HTMLElement
export function byId<E extends HTMLElement>(id: string, kind: new () => E): E
export function byId(id: string, kind: new () => HTMLElement = HTMLElement): HTMLElement {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new TypeError(`the page does not have a matching #${id}`)
  return found
}

type Child = Node | string

/**
 * Makes an element. Strings always become text nodes, because names of dimensions and AWS's messages come from
 * elsewhere.
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** Writes a text only if it differs, which keeps the selection and a screen reader's place. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text
}

const shown = new WeakMap<Element, string>()

/** Replaces the children if `data` differs from what was shown last. */
export function showWhenChanged(
  target: Element,
  data: unknown,
  children: () => readonly Child[],
): void {
  const key = JSON.stringify(data)
  if (shown.get(target) === key) return
  shown.set(target, key)
  target.replaceChildren(...children())
}
