// A peer on Helia, driven by lines as go-peer is: each line read is a JSON array of a command and its
// words, each line written is one JSON object. The first line says who it is and where it listens.
// It ends with its standard input.
//
//   node peer.js [--listen MULTIADDR]... [--deadline SECONDS]
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { commands } from './commands.js'
import { startNode, identity } from './node.js'

const { values: options } = parseArgs({
  options: {
    listen: { type: 'string', multiple: true, default: [] },
    deadline: { type: 'string', default: '120' }
  }
})

function write (answer) {
  process.stdout.write(JSON.stringify(answer) + '\n')
}

async function answer (node, line) {
  const [name, ...words] = JSON.parse(line)
  const command = commands[name]
  if (command === undefined) {
    return { error: `no such command: ${name}` }
  }
  const signal = AbortSignal.timeout(Number(options.deadline) * 1000)
  const start = performance.now()
  try {
    const answer = await command(node, words, { signal })
    return { ...answer, seconds: (performance.now() - start) / 1000 }
  } catch (error) {
    return { error: `${error.name}: ${error.message}`, stack: error.stack }
  }
}

const node = await startNode(options.listen)
write(identity(node))
for await (const line of createInterface({ input: process.stdin })) {
  write(await answer(node, line))
}
await node.helia.stop()
process.exit(0)
