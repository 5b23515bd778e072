/** What asks a program to end: Ctrl-C, an orchestrator, and a terminal or an attached session that goes away. */
export const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
