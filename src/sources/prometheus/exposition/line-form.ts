/**
 * How the lines of a format look. The patterns for samples are sticky: they match where they are told to. No two
 * parts next to each other match the same characters: a line of blanks would take the square of its length.
 */
export interface LineForm {
  /** Groups: name, labels without their braces, value, and the mark of an exemplar where there is one. */
  readonly sample: RegExp
  /** Groups: keyword, name, the rest; in the text format with the blanks at its end. */
  readonly metadata: RegExp
  readonly blank?: RegExp
  readonly indentedComment?: RegExp
}

const metricName = String.raw`[a-zA-Z_:][a-zA-Z0-9_:]*`
const labelName = String.raw`[a-zA-Z_][a-zA-Z0-9_]*`
const digits = String.raw`(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?`
const number = String.raw`[+-]?(?:${digits}|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)|[nN][aA][nN]`

const textPair = String.raw`${labelName}[ \t]*=[ \t]*"(?:[^"\\\n]|\\[\\"n])*"[ \t]*`
const textLabels = String.raw`[ \t]*(?:${textPair}(?:,[ \t]*${textPair})*(?:,[ \t]*)?)?`
const openPair = String.raw`${labelName}="(?:[^"\\\n]|\\[^\n])*"`
const openLabels = String.raw`(?:${openPair}(?:,${openPair})*)?`
const realNumber = String.raw`[+-]?${digits}`

/** Prometheus text 0.0.4: blanks are free, the timestamp counts milliseconds. */
export const textLine: LineForm = {
  sample: new RegExp(
    String.raw`[ \t]*(${metricName})(?:[ \t]*\{(${textLabels})\}[ \t]*|[ \t]+)(${number})(?:[ \t]+-?[0-9]+)?[ \t]*(?=\n)`,
    'y',
  ),
  metadata: new RegExp(String.raw`^#[ \t]+(HELP|TYPE)[ \t]+(${metricName})(?:[ \t]+([^]*))?$`),
  blank: /^[ \t]*$/,
  indentedComment: /^[ \t]+#/,
}

/** OpenMetrics 1.0: one blank wherever there is one, the timestamp counts seconds, exemplars. */
export const openMetricsLine: LineForm = {
  sample: new RegExp(
    String.raw`(${metricName})(?:\{(${openLabels})\})? (${number})(?: ${realNumber})?(?:( # )\{${openLabels}\} (?:${number})(?: ${realNumber})?)?(?=\n)`,
    'y',
  ),
  metadata: new RegExp(String.raw`^# (HELP|TYPE|UNIT) (${metricName}) ([^]*)$`),
}
