import { isUtf8 } from 'node:buffer'
import { PartLimit, refuse } from '../metric.ts'

/** The wire types of Protocol Buffers that are still in use. */
const varint = 0
const fixed64 = 1
const lengthDelimited = 2
const fixed32 = 5

/** Returns the tag of a field as it stands in the bytes. */
export const varintTag = (field: number) => (field << 3) | varint
export const fixed64Tag = (field: number) => (field << 3) | fixed64
export const lengthTag = (field: number) => (field << 3) | lengthDelimited

/**
 * Reads the fields of one message of Protocol Buffers, strictly: what runs over the end of its message, a
 * varint that is too long and text that is not UTF-8 refuse the whole body. A field that is unknown, or
 * known with another wire type, is skipped, as the specification wants it.
 */
export class WireReader {
  readonly #bytes: Buffer
  readonly #end: number
  /** Shared by all readers of a request. */
  readonly limit: PartLimit
  #at: number
  /** Number and wire type of the field that `next` found. */
  tag = 0

  constructor(bytes: Buffer, at = 0, end = bytes.length, limit = new PartLimit()) {
    this.limit = limit
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#at === this.#end) return false
    const tag = this.number()
    if (tag < 8 || tag > 0xffff_ffff) refuse('a field has no valid number')
    this.tag = tag
    return true
  }

  /** A varint; beyond 2^53 it loses its last digits. */
  number(): number {
    let value = 0
    let factor = 1
    for (let length = 1; length <= 10; length += 1) {
      if (this.#at >= this.#end) refuse('it ends within a number')
      const byte = this.#bytes[this.#at++] ?? 0
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 128
    }
    return refuse('a number is longer than ten bytes')
  }

  /** A varint of 64 bits with its sign. */
  int64(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#at >= this.#end) refuse('it ends within a number')
      const byte = this.#bytes[this.#at++] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, value)
    }
    return refuse('a number is longer than ten bytes')
  }

  fixed64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8))
  }

  sfixed64(): bigint {
    return this.#bytes.readBigInt64LE(this.#take(8))
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#take(8))
  }

  text(): string {
    const length = this.number()
    const at = this.#take(length)
    const text = this.#bytes.toString('utf8', at, at + length)
    if (text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(at, at + length)))
      refuse('a text is not UTF-8')
    return text
  }

  bytes(): Buffer {
    const length = this.number()
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  message(): WireReader {
    this.limit.part()
    const length = this.number()
    const at = this.#take(length)
    return new WireReader(this.#bytes, at, at + length, this.limit)
  }

  /** Reads the same message from where this reader stands. */
  again(): WireReader {
    return new WireReader(this.#bytes, this.#at, this.#end, this.limit)
  }

  skip(): void {
    const type = this.tag & 7
    if (type === varint) this.number()
    else if (type === fixed64) this.#take(8)
    else if (type === lengthDelimited) this.#take(this.number())
    else if (type === fixed32) this.#take(4)
    else refuse(`a field has the wire type ${type}`)
  }

  /** Returns where the next `length` bytes begin, and passes them. */
  #take(length: number): number {
    const at = this.#at
    if (length > this.#end - at) refuse('a field is longer than what it is in')
    this.#at = at + length
    return at
  }
}
