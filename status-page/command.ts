import { element, setText } from './dom.ts'

/** Shows one command on a line of its own, with a button that copies it. */
export function commandOf(command: string): HTMLElement {
  const button = element('button', { type: 'button', class: 'copy' }, 'Copy')
  button.setAttribute('aria-label', `Copy ${command}`)
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(command).then(
      () => setText(button, 'Copied'),
      () => setText(button, 'Select it'),
    )
  })
  return element('p', { class: 'command' }, element('code', {}, command), button)
}
