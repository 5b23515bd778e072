import { byId } from './dom.ts'

/** Lets the link of the CSV file send the token, which a plain link cannot. */
export function billedCsv(token: () => string | undefined): void {
  const link = byId('billed-csv', HTMLAnchorElement)
  link.addEventListener('click', (event) => {
    const given = token()
    if (given === undefined) return
    event.preventDefault()
    void save(link.href, given)
  })
}

async function save(url: string, token: string): Promise<void> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  if (!response.ok) return
  const place = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = place
  link.download = 'billed.csv'
  link.click()
  URL.revokeObjectURL(place)
}
