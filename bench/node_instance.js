// node_instance.js MODULE: prints the median microseconds of `new WebAssembly.Instance` and one call of
// its export `timerose_main`, with host functions that do nothing.
const compiled = new WebAssembly.Module(require('fs').readFileSync(process.argv[2]));
const imports = {};
for (const { module: from, name, kind } of WebAssembly.Module.imports(compiled)) {
  if (kind === 'function') (imports[from] ??= {})[name] = name.endsWith('_size') ? () => 0n : () => 0;
}
const entry = 'timerose_main';
const samples = [];
for (let round = 0; round < 50; round++) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < 200; i++) new WebAssembly.Instance(compiled, imports).exports[entry]();
  samples.push(Number(process.hrtime.bigint() - start) / 200 / 1000);
}
samples.sort((a, b) => a - b);
console.log(samples[samples.length >> 1].toFixed(3));
