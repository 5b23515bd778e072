import type { FamilyType, PageFormat } from './page.ts'

interface Family {
  readonly name: string
  type: FamilyType | undefined
  hasHelp: boolean
  hasUnit: boolean
  hasSamples: boolean
}

/** A line that has the form of a sample. */
interface SampleForm {
  readonly name: string
  readonly value: string
  /** As they stand between the braces. */
  readonly labels: string
  readonly hasExemplar: boolean
}

const textTypes: ReadonlyMap<string, FamilyType> = new Map([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['summary', 'summary'],
  ['untyped', 'unknown'],
])

const openTypes: ReadonlyMap<string, FamilyType> = new Map(
  (
    [
      'counter',
      'gauge',
      'histogram',
      'gaugehistogram',
      'stateset',
      'info',
      'summary',
      'unknown',
    ] as const
  ).map((type) => [type, type]),
)

/** The suffixes of the samples that a family of each type has in OpenMetrics. */
const openSuffixes: Readonly<Record<FamilyType, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  gaugehistogram: ['_bucket', '_gcount', '_gsum'],
  stateset: [''],
  info: ['_info'],
  summary: ['', '_count', '_sum', '_created'],
  unknown: [''],
}

/** The text format has a suffix only where a family has several kinds of sample. */
const textSuffixes: Readonly<Record<FamilyType, readonly string[]>> = {
  ...openSuffixes,
  counter: [''],
  histogram: ['_bucket', '_count', '_sum'],
  summary: ['', '_count', '_sum'],
}

const everySuffix = new Set(['', ...Object.values(openSuffixes).flat()])

/** What a page says of its families, and which one each sample belongs to. */
export class Families {
  readonly #isOpen: boolean
  readonly #refuse: (reason: string) => never
  readonly #families = new Map<string, Family>()
  /** The family of each name of a sample, found once. */
  readonly #ofSample = new Map<string, Family>()
  /** In OpenMetrics all lines of a family stand together. */
  #current: Family | undefined

  constructor(format: PageFormat, refuse: (reason: string) => never) {
    this.#isOpen = format === 'openmetrics'
    this.#refuse = refuse
  }

  declareType(name: string, word: string): void {
    const type = (this.#isOpen ? openTypes : textTypes).get(word)
    if (type === undefined) return this.#refuse(`${JSON.stringify(word)} is not a type`)
    const family = this.#declared(name)
    if (family.type !== undefined) this.#refuse(`${name} has two types`)
    if (family.hasSamples) this.#refuse(`the type of ${name} follows its samples`)
    family.type = type
    if (this.#isOpen) this.#claimNames(family, type)
  }

  declareUnit(name: string, unit: string): void {
    const family = this.#declared(name)
    if (family.hasUnit) this.#refuse(`${name} has two units`)
    family.hasUnit = true
    if (unit !== '' && !name.endsWith(`_${unit}`))
      this.#refuse(`the name ${name} does not end with its unit ${unit}`)
  }

  declareHelp(name: string): void {
    const family = this.#declared(name)
    if (family.hasHelp) this.#refuse(`${name} has two help texts`)
    family.hasHelp = true
  }

  /** The type of the family of a sample, which is checked against what that type may have. */
  typeOf(sample: SampleForm): FamilyType {
    const { name } = sample
    const known = this.#ofSample.get(name) ?? this.#find(name)
    if (known !== this.#current && this.#isOpen) this.#enter(known)
    known.hasSamples = true
    const type = known.type ?? 'unknown'
    if (this.#isOpen) this.#checkOpen(known, sample)
    return type
  }

  #checkOpen(family: Family, { name, value, labels, hasExemplar }: SampleForm): void {
    const { type } = family
    if (
      hasExemplar &&
      !(name.endsWith('_bucket') || (type === 'counter' && name.endsWith('_total')))
    )
      this.#refuse(`${name} cannot have an exemplar`)
    if (type === 'counter' || type === 'histogram') {
      if (value.startsWith('-') || /^nan$/i.test(value))
        if (!name.endsWith('_created') && !(type === 'histogram' && name.endsWith('_sum')))
          this.#refuse(`${name} is a ${type} and cannot be ${value}`)
    }
    if (type === 'stateset' && !labels.includes(`${family.name}="`))
      this.#refuse(`${name} is a stateset without its label`)
  }

  #find(name: string): Family {
    const family = this.#isOpen ? this.#findOpen(name) : this.#findText(name)
    this.#ofSample.set(name, family)
    return family
  }

  #findOpen(name: string): Family {
    for (const suffix of everySuffix) {
      const family = name.endsWith(suffix)
        ? this.#families.get(name.slice(0, name.length - suffix.length))
        : undefined
      if (family === undefined) continue
      if (openSuffixes[family.type ?? 'unknown'].includes(suffix)) return family
      if (suffix === '')
        this.#refuse(`${name} has no sample of that name, because it is a ${family.type}`)
    }
    return this.#made(name)
  }

  #findText(name: string): Family {
    for (const suffix of everySuffix) {
      const family = name.endsWith(suffix)
        ? this.#families.get(name.slice(0, name.length - suffix.length))
        : undefined
      if (family !== undefined && textSuffixes[family.type ?? 'unknown'].includes(suffix))
        return family
    }
    return this.#made(name)
  }

  #declared(name: string): Family {
    const family = this.#families.get(name) ?? this.#made(name)
    if (this.#isOpen && family !== this.#current) this.#enter(family)
    if (this.#isOpen && family.hasSamples) this.#refuse(`metadata of ${name} follows its samples`)
    return family
  }

  #enter(family: Family): void {
    if (family.hasSamples || family.hasHelp || family.hasUnit || family.type !== undefined)
      this.#refuse(`the lines of ${family.name} do not stand together`)
    this.#current = family
  }

  #made(name: string): Family {
    const family: Family = {
      name,
      type: undefined,
      hasHelp: false,
      hasUnit: false,
      hasSamples: false,
    }
    this.#families.set(name, family)
    return family
  }

  /** Two families must not have samples of one name. */
  #claimNames(family: Family, type: FamilyType): void {
    for (const suffix of openSuffixes[type]) {
      const claimed = this.#ofSample.get(family.name + suffix)
      if (claimed !== undefined && claimed !== family)
        this.#refuse(`${family.name} and ${claimed.name} share the sample ${family.name}${suffix}`)
      this.#ofSample.set(family.name + suffix, family)
    }
  }
}
