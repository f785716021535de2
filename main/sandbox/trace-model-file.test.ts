import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { traceModelFile } from './trace-model-file.ts';

const program = join(import.meta.dirname, '../workers/model-file.ts');
const request = {
  task: 'image-classification',
  input: { kind: 'image', channels: 1, height: 28, width: 28 },
  output: { kind: 'classification', classes: 10 },
  options: {},
};
const head = "import { defineModel, flatten, Linear, Module } from 'lightbench';\n";
const tail = `
export default defineModel({ task: 'image-classification', build: () => {
  const head: Linear = new Linear(784, 10);
  return (x) => head(flatten(x));
} });`;

const trace = (line: string, timeLimitMs = 15_000) =>
  traceModelFile({ path: 'models/net.ts', text: head + line + tail }, request, program, { timeLimitMs });

describe('a model file', () => {
  it('becomes a model as data', async () => {
    const { layers, steps, result } = await trace('');
    expect(layers).toEqual([
      { path: 'linear1', settings: { kind: 'Linear', inFeatures: 784, outFeatures: 10, bias: true } },
    ]);
    expect(steps).toMatchObject([
      { kind: 'operation', operation: { name: 'reshape', shape: ['batch', 784] }, line: 5 },
      { kind: 'layer', layer: 0, input: 1, outputs: [2], line: 5 },
    ]);
    expect(result).toBe(2);
  });

  it.each([
    ['throws', "throw new Error('my own mistake');", /^models\/net\.ts: Line 2: my own mistake/],
    ['throws what throws again', 'throw { get message() { throw 1; } };', /says nothing about itself/],
    ['exits', 'process.exit(0);', /Line 2: process is not defined/],
    [
      'imports files',
      "import fs from 'node:fs';",
      /Line 2: A model file can import from 'lightbench' only, not from 'node:fs'/,
    ],
    ['imports late', "await import('node:child_process');", /imports at its top/],
    ['reads files', "require('fs');", /Line 2: require is not defined/],
    ['asks the network', "fetch('http://localhost');", /Line 2: fetch is not defined/],
    ['waits', 'setTimeout(() => {}, 1);', /Line 2: setTimeout is not defined/],
    ['makes code of text', "Module.constructor('return process')();", /Code generation from strings disallowed/],
    [
      'makes code of text through a promise of Node',
      "let p; try { p = import('fs'); } catch (e) { p = e; } p.constructor.constructor('return process')();",
      /Code generation from strings disallowed/,
    ],
    ['fills memory outside of the heap', 'new Float64Array(1.25e9).fill(1);', /Float64Array is not defined/],
    ['pollutes prototypes', 'Object.prototype.polluted = 1;', /Line 2: Cannot add property polluted/],
    ['pollutes lists', 'Array.prototype.map = () => [];', /Line 2: Cannot assign to read only property 'map'/],
    ['pollutes what it is given', 'Object.getPrototypeOf(Module).x = 1;', /Line 2: Cannot add property x/],
    [
      'shadows what all share',
      "({}).__proto__.toString = () => '';",
      /Line 2: What all objects share cannot be changed/,
    ],
    ['is random', 'Math.random();', /Line 2: A model file builds the same model each time/],
    ['is no TypeScript', 'const x = ;', /Line 2: Expression expected/],
    ['asks for code', 'enum A { B }', /Line 2: TypeScript enum is not supported/],
    ['has no size', 'new Linear(undefined, 2);', /Line 2: inFeatures of Linear must be a number, not undefined/],
  ])('that %s is refused, with its line', async (_, line, message) => {
    await expect(trace(line)).rejects.toMatchObject({
      code: 'model_file.invalid',
      message: expect.stringMatching(message),
    });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each([
    ['never ends', 'for (;;) {}', 1500, /has not built its model after 1.5 s/],
    ['waits for ever', 'await new Promise(() => {});', 1500, /has not built its model after 1.5 s/],
    ['takes more and more', 'const all = []; for (;;) all.push(new Array(1e6).fill(1));', 15_000, /more than 256 MB/],
    ['takes 10 GB', 'new Array(1.25e9).fill(0.5);', 3000, /has not built|more than 256 MB/],
  ])('that %s is stopped', async (_, line, limit, message) => {
    await expect(trace(line, limit)).rejects.toMatchObject({
      code: 'model_file.stopped',
      message: expect.stringMatching(message),
    });
  });

  it('that says something else than a model is not believed', async () => {
    const build = 'build: () => { const a = new Linear(784, 10); return (x) => a(flatten(x)); }';
    const text = `${head}export default defineModel({ task: 'table-regression', ${build} });`;
    await expect(traceModelFile({ path: 'models/net.ts', text }, request, program)).rejects.toThrow(
      "The file is made for table-regression, and the config's task is image-classification.",
    );
    await expect(traceModelFile({ path: 'models/net.ts', text: '' }, request, program)).rejects.toThrow('defineModel');
  });
});
