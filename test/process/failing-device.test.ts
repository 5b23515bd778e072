import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openBench, unit } from '../support/ledger/ledger-bench.ts'

const run = (command: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  return { works: status === 0, out: stdout?.trim() ?? '', stderr }
}
const must = (command: string, ...args: string[]) => {
  const { works, out, stderr } = run(command, ...args)
  if (!works) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return out
}

/** Whether this user may make and mount block devices. */
function canMount(): boolean {
  return process.getuid?.() === 0 && run('losetup', '-f').works && run('which', 'mkfs.ext4').works
}

/**
 * A real ext4 on a real block device, whose store is a file on a small memory disk. When that is full,
 * the device fails to write blocks that were never written, and Linux marks their pages clean.
 */
function mountDevice() {
  const root = mkdtempSync(join(tmpdir(), 'failing-device-'))
  const [memory, mounted] = ['memory', 'mounted'].map((name) => join(root, name)) as [
    string,
    string,
  ]
  for (const path of [memory, mounted]) mkdirSync(path)
  must('mount', '-t', 'tmpfs', '-o', 'size=96M', 'tmpfs', memory)
  onTestFinished(() => {
    run('umount', '-l', mounted)
    for (const loop of loops) run('losetup', '-d', loop)
    run('umount', '-l', memory)
    rmSync(root, { recursive: true, force: true })
  })
  const loops: string[] = []
  const image = join(memory, 'image')
  must('truncate', '-s', '256M', image)
  const attach = (file: string, to: string, ...options: string[]) => {
    const loop = must('losetup', '-f', '--show', file)
    loops.push(loop)
    if (file === image)
      must(
        'mkfs.ext4',
        '-q',
        '-b',
        '4096',
        '-J',
        'size=16',
        '-E',
        'lazy_itable_init=0,lazy_journal_init=0,nodiscard',
        loop,
      )
    must('mount', ...options, loop, to)
  }
  attach(image, mounted, '-o', 'commit=300')
  const filler = join(memory, 'filler')
  return {
    directory: join(mounted, 'data'),
    /** From now on the device cannot write what it has not written before. */
    fail: () => void run('dd', 'if=/dev/zero', `of=${filler}`, 'bs=4k'),
    recover: () => rmSync(filler),
    /** What the device holds, mounted as after a power cut. */
    cutPower() {
      const copy = join(root, 'copy')
      const after = join(root, 'after')
      copyFileSync(image, copy)
      mkdirSync(after)
      attach(copy, after)
      onTestFinished(() => void run('umount', '-l', after))
      const directory = mkdtempSync(join(tmpdir(), 'after-power-cut-'))
      onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
      for (const name of readdirSync(join(after, 'data')).filter((each) => !each.endsWith('-shm')))
        copyFileSync(join(after, 'data', name), join(directory, name))
      return directory
    },
  }
}

test.runIf(canMount())(
  'a block device that fails once loses no report that was acknowledged before or after it',
  { timeout: 60_000 },
  async () => {
    const device = mountDevice()
    const { directory } = device
    const dataSync = undefined
    const failing = await openBench({ directory, dataSync })
    let acknowledged = 0
    for (let index = 0; index < 20; index += 1) {
      await failing.report('requests', unit, { idempotencyKey: `before-${index}` })
      acknowledged += 1
    }
    device.fail()
    // Blocks that were written before still can be: it fails with the first new one.
    let failure: unknown
    while (failure === undefined) {
      const idempotencyKey = `failing-${acknowledged}-${'x'.repeat(200)}`
      const reported = failing.report('requests', unit, { idempotencyKey })
      failure = await reported.then(
        () => void (acknowledged += 1),
        (error: unknown) => error,
      )
    }
    expect(failure).toMatchObject({ code: 'LedgerFailed' })
    await failing.ledger.close()
    device.recover()

    const next = await openBench({ directory, dataSync })
    for (let index = 0; index < 53; index += 1) {
      await next.report('requests', unit, { idempotencyKey: `after-${index}` })
      acknowledged += 1
    }
    const after = await openBench({ directory: device.cutPower() })
    expect(after.told('ledgerSetAside')).toEqual([])
    const [balance] = await after.ledger.audit()
    expect(balance?.imbalance).toBe(0n)
    expect(Number((balance?.reported ?? 0n) / unit)).toBeGreaterThanOrEqual(acknowledged)
    await next.ledger.close()
  },
)
