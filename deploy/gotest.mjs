// Reads `go test -json` and prints a line per package, the output of what failed, and the counts to FILE.counts.
import { createReadStream, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const file = process.argv[2]
const output = new Map()
const packages = new Map()
let pass = 0
let fail = 0
const key = (e) => `${e.Package}|${e.Test ?? ''}`
const counts = (pkg) => packages.get(pkg) ?? packages.set(pkg, { pass: 0, fail: 0 }).get(pkg)

for await (const line of createInterface({ input: createReadStream(file) })) {
  let e
  try {
    e = JSON.parse(line)
  } catch {
    console.log(line)
    continue
  }
  if (e.Action === 'output' || e.Action === 'build-output') {
    const name = e.Action === 'output' ? key(e) : `${e.ImportPath}|`
    output.set(name, (output.get(name) ?? '') + e.Output)
  } else if (e.Action === 'build-fail') {
    process.stdout.write(output.get(`${e.ImportPath}|`) ?? '')
  } else if (e.Test && (e.Action === 'pass' || e.Action === 'fail' || e.Action === 'skip')) {
    if (e.Action === 'pass') {
      pass++
      counts(e.Package).pass++
    } else {
      fail++ // a skipped test is a defect here
      counts(e.Package).fail++
      console.log(`--- ${e.Action.toUpperCase()} ${e.Package} ${e.Test}`)
      process.stdout.write(output.get(key(e)) ?? '')
    }
    output.delete(key(e))
  } else if (!e.Test && (e.Action === 'pass' || e.Action === 'fail')) {
    const c = counts(e.Package)
    console.log(`${e.Action === 'pass' ? 'ok  ' : 'FAIL'} ${e.Package} ${c.pass} passed${c.fail ? `, ${c.fail} failed` : ''} (${e.Elapsed ?? 0} s)`)
    if (e.Action === 'fail') {
      if (c.fail === 0) fail++
      process.stdout.write((output.get(key(e)) ?? '').slice(-8000))
    }
  }
}
writeFileSync(`${file}.counts`, `${pass} ${fail}\n`)
