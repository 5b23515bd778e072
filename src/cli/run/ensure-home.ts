/**
 * Gives a user a home directory who has none: without HOME and without a line in /etc/passwd, as images
 * often are, the AWS SDK cannot look for its files, and gives up all credentials.
 */
export function giveHome(env: Record<string, string | undefined>, homedir: () => string): void {
  try {
    homedir()
  } catch {
    env['HOME'] = '/'
  }
}
