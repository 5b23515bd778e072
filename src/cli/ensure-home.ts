/**
 * Sets HOME for a user who has no home directory. Without HOME and without a line in /etc/passwd, as in
 * many images, the AWS SDK cannot look for its files and finds no credentials at all.
 */
export function ensureHome(env: Record<string, string | undefined>, homedir: () => string): void {
  try {
    homedir()
  } catch {
    env['HOME'] = '/'
  }
}
