import { byId, setText } from './dom.ts'

/**
 * Asks for the sidecar's token. It stays in this page's memory, because the browser's storage would offer it
 * to the next pod that is forwarded to the same port.
 */
export function tokenForm(onToken: (token: string) => void) {
  const form = byId('token-form')
  const field = byId('token', HTMLInputElement)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    onToken(field.value.trim())
  })
  return {
    show(refused: boolean) {
      form.hidden = false
      setText(byId('token-problem'), refused ? 'The sidecar does not accept this token.' : '')
      field.value = ''
      field.focus()
    },
    hide() {
      form.hidden = true
      field.value = ''
      setText(byId('token-problem'), '')
    },
  }
}
