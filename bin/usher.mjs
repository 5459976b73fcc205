#!/usr/bin/env node
// The start of the process. Plain JavaScript that old versions of Node can read too: it finds the Node that
// the project brings along (the npm package `node`) and hands over to it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const needed = 24

function runWith(node) {
  const child = spawn(node, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`${node} cannot be started: ${error.message}`)
    process.exit(2)
  })
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
}

if (Number.parseInt(process.versions.node, 10) >= needed) {
  // These are the server itself, with its settings; every other command talks to a running one.
  const programs = new Map([
    ['serve', '../src/main.ts'],
    ['migrate', '../src/migrate.ts'],
  ])
  const [command = 'serve', ...rest] = process.argv.slice(2)
  // Nothing can be said to the server: whoever asks it for help means the command line.
  const program = command === 'serve' && rest.length > 0 ? undefined : programs.get(command)
  await import(program ?? '../src/cli/main.ts')
} else {
  const windows = process.platform === 'win32'
  const brought = fileURLToPath(new URL(`../node_modules/node/bin/node${windows ? '.exe' : ''}`, import.meta.url))
  if (existsSync(brought)) {
    runWith(brought)
  } else {
    console.error(
      `Usher runs on Node ${needed} or newer; this is Node ${process.versions.node}. \`npm ci\` brings the right one ` +
        'as the package "node", whose install script has not run here. Run `npm rebuild node` and start again; if ' +
        'npm refuses to run install scripts, approve this one first with `npm install-scripts approve node`.',
    )
    process.exit(2)
  }
}
