import { expect, test } from 'vitest'
import { settingsTable } from '../../src/config/settings/settings-table.ts'
import { readValues, library, render } from './charts.ts'
import { envOf, podOf, sidecarOf } from './kubernetes-object.ts'

const msOf = (name: (typeof settingsTable)[number]['name']) =>
  Number(settingsTable.find((setting) => setting.name === name)?.default)
const flushSeconds = msOf('SIDECAR_SHUTDOWN_TIMEOUT_MS') / 1000
const drainSeconds = msOf('SIDECAR_DRAIN_DELAY_MS') / 1000

const graceOf = async (sidecar: object) =>
  podOf(await render({ sidecar })).spec.terminationGracePeriodSeconds

test('by default the pod has the time in the values', async () => {
  expect(await graceOf({})).toBe(readValues(library)['terminationGracePeriodSeconds'])
})

test('a native sidecar stops after the application, so the pod needs the sum of their times', async () => {
  const values = { applicationStopSeconds: 30 }
  const needed = 30 + flushSeconds
  expect(await graceOf({ ...values, terminationGracePeriodSeconds: needed + 1 })).toBe(needed + 1)
  await expect(graceOf({ ...values, terminationGracePeriodSeconds: needed })).rejects.toThrow(
    `must be more than ${needed * 1000} ms`,
  )
})

test('a setting that slows the sidecar’s stop counts', async () => {
  const settings = { SIDECAR_SHUTDOWN_TIMEOUT_MS: 50_000 }
  await expect(graceOf({ settings })).rejects.toThrow(/must be more than 60000 ms/)
  expect(await graceOf({ settings, terminationGracePeriodSeconds: 61 })).toBe(61)
})

test('a classic sidecar stops together with the application, so the longer time counts', async () => {
  const classic = { form: 'classic', applicationStopSeconds: drainSeconds }
  const grace = flushSeconds + 1
  expect(await graceOf({ ...classic, terminationGracePeriodSeconds: grace })).toBe(grace)
  await expect(
    graceOf({ ...classic, terminationGracePeriodSeconds: flushSeconds }),
  ).rejects.toThrow(`must be more than ${flushSeconds * 1000} ms`)
})

test('a classic sidecar must accept reports until the application has stopped', async () => {
  const classic = { form: 'classic', applicationStopSeconds: drainSeconds + 1 }
  await expect(graceOf(classic)).rejects.toThrow(
    `the ${drainSeconds * 1000} ms of SIDECAR_DRAIN_DELAY_MS`,
  )
  const settings = { SIDECAR_DRAIN_DELAY_MS: (drainSeconds + 1) * 1000 }
  expect(await graceOf({ ...classic, settings })).toBe(60)
  await expect(
    graceOf({ form: 'classic', settings: { SIDECAR_DRAIN_DELAY_MS: 0 } }),
  ).rejects.toThrow(/the 0 ms of SIDECAR_DRAIN_DELAY_MS/)
})

test('a drain longer than the whole stop is refused, as by the sidecar itself', async () => {
  const settings = { SIDECAR_DRAIN_DELAY_MS: 30_000 }
  await expect(graceOf({ settings })).rejects.toThrow(
    'SIDECAR_SHUTDOWN_TIMEOUT_MS (25000 ms) must not be less than SIDECAR_DRAIN_DELAY_MS (30000 ms)',
  )
  expect(await graceOf({ settings: { ...settings, SIDECAR_SHUTDOWN_TIMEOUT_MS: 30_000 } })).toBe(60)
})

test('a classic sidecar does not mistake silence for the end before the application has stopped', async () => {
  const quietOf = async (sidecar: object) =>
    envOf(sidecarOf(await render({ sidecar })))['SIDECAR_DRAIN_QUIET_MS']
  expect(await quietOf({})).toBeUndefined()
  expect(await quietOf({ form: 'classic', applicationStopSeconds: 7 })).toBe('7000')
  const settings = { SIDECAR_DRAIN_QUIET_MS: 500 }
  expect(await quietOf({ form: 'classic', settings })).toBe('500')
})
