/**
 * Names commands that stand on a line of their own as they run here: in a checkout `marketplace-sidecar` is not
 * on PATH, and npm has a script for it. `script` is the script of npm that runs now, if any.
 */
export function asRun(text: string, script: string | undefined): string {
  return script === 'cli' || script === 'start'
    ? text.replaceAll(/^marketplace-sidecar (?=[a-z-])/gm, 'npm run cli -- ')
    : text
}
