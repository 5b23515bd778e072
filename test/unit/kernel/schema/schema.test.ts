import { describe, expect, test } from 'vitest'
import { object, optional, orOnly, required } from '../../../../src/kernel/schema/object-schema.ts'
import { collectMistakes } from '../../../../src/kernel/schema/mistakes.ts'
import { fail, succeed } from '../../../../src/kernel/result.ts'
import {
  choice,
  described,
  list,
  mapOf,
  text,
  type Schema,
} from '../../../../src/kernel/schema/schema.ts'

const word = text({ pattern: /^[a-z]+$/, longest: 5, give: '1 to 5 small letters' })
const animal = object({
  name: required(text({ pattern: /^[a-z]+$/, give: 'a name' }, 'the name')),
  sound: optional(word, 'none'),
})
const farm = object({
  owner: required(word, 'name the owner'),
  kind: optional(choice(['big', 'small'])),
  animals: optional(
    list(orOnly(animal, 'name'), {
      most: 2,
      tooMany: (count) => `${count} animals are too many`,
      unique: { of: ({ name }) => name, noun: 'the animal' },
      give: 'a list of animals',
    }),
    [],
  ),
  fields: optional(
    mapOf(word, {
      pattern: '^[0-9]+$',
      key: (name) => (/^\d+$/.test(name) ? succeed(Number(name)) : fail('give a number')),
      give: 'an object',
    }),
    new Map<number, string>(),
  ),
})

function read<T>(schema: Schema<T>, value: unknown) {
  return collectMistakes((report) => schema.read(value, '', report))
}

describe('a schema', () => {
  test('reads a whole value and fills in what is optional', () => {
    const value = {
      owner: 'ann',
      animals: ['cow', { name: 'dog', sound: 'wau' }],
      fields: { 7: 'a' },
    }
    expect(read(farm, value)).toEqual({
      ok: true,
      value: {
        owner: 'ann',
        kind: undefined,
        animals: [
          { name: 'cow', sound: 'none' },
          { name: 'dog', sound: 'wau' },
        ],
        fields: new Map([[7, 'a']]),
      },
    })
  })

  test('lists every mistake with its place', () => {
    const value = {
      colour: 'red',
      kind: 'huge',
      animals: ['cow', { name: 'cow', sound: 'MUH', legs: 4 }, 'dog'],
      fields: { x: 'a', 1: 'TOO' },
    }
    expect(read(farm, value)).toEqual({
      ok: false,
      failure: [
        '"colour": there is no such member; known are owner, kind, animals, fields',
        'owner: missing; name the owner',
        'kind: "huge" is not allowed; give one of big, small',
        'animals: 3 animals are too many',
        'animals[1]."legs": there is no such member; known are name, sound',
        'animals[1].sound: "MUH" is not allowed; give 1 to 5 small letters',
        'animals[1]: the animal "cow" is listed twice; remove one',
        'fields["1"]: "TOO" is not allowed; give 1 to 5 small letters',
        'fields["x"]: give a number',
      ],
    })
  })

  test('has the mistake of a wrong name at the place of the object', () => {
    const wrong = { ok: false, failure: ['animals[0]: the name 5 is not allowed; give a name'] }
    expect(read(farm, { owner: 'ann', animals: [5] })).toEqual(wrong)
    expect(read(farm, { owner: 'ann', animals: [{ name: 5 }] })).toEqual(wrong)
  })

  test.each([
    [{ owner: 'ann', animals: {} }, 'animals: {} is not allowed; give a list of animals'],
    [{ owner: 'ann', fields: [] }, 'fields: give an object'],
    [{ owner: 'abcdef' }, 'owner: "abcdef" is not allowed; give 1 to 5 small letters'],
    [{ owner: '' }, 'owner: "" is not allowed; give 1 to 5 small letters'],
    [{ owner: null }, 'owner: null is not allowed; give 1 to 5 small letters'],
  ])('refuses %j', (value, mistake) => {
    expect(read(farm, value)).toEqual({ ok: false, failure: [mistake] })
  })

  test('says the same as JSON Schema', () => {
    const letters = { type: 'string', minLength: 1, maxLength: 5, pattern: '^[a-z]+$' }
    const name = { type: 'string', pattern: '^[a-z]+$' }
    expect(described(farm, 'A farm.').json).toEqual({
      type: 'object',
      description: 'A farm.',
      additionalProperties: false,
      required: ['owner'],
      properties: {
        owner: letters,
        kind: { enum: ['big', 'small'] },
        animals: {
          type: 'array',
          maxItems: 2,
          items: {
            anyOf: [
              name,
              {
                type: 'object',
                additionalProperties: false,
                required: ['name'],
                properties: { name, sound: letters },
              },
            ],
          },
        },
        fields: {
          type: 'object',
          additionalProperties: false,
          patternProperties: { '^[0-9]+$': letters },
        },
      },
    })
  })
})
