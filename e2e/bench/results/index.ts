import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { birdStrikeResults } from './bird-strikes.ts';
import { co2Results } from './co2.ts';
import { digitSceneResults } from './digit-scenes.ts';
import { fashionResults } from './fashion.ts';
import { generationResults } from './generation.ts';
import { mailResults } from './mails.ts';
import { novelResults } from './novel.ts';
import { penguinResults } from './penguins.ts';
import { pronunciationResults } from './pronunciations.ts';
import type { Result } from './result.ts';
import { Studio } from './studio.ts';
import { sunspotResults } from './sunspots.ts';

/** Everything that the notes of the templates and `resources/training.md` say of real data, one file per dataset. */
const results: readonly Result[] = [
  ...fashionResults,
  ...penguinResults,
  ...birdStrikeResults,
  ...co2Results,
  ...sunspotResults,
  ...mailResults,
  ...pronunciationResults,
  ...novelResults,
  ...digitSceneResults,
  ...generationResults,
];

/**
 * `bench results [--only NAME,…] [--threads 2] [--epochs N] [--seed 0] [--workspace DIR]`: trains templates on real data by
 * the engine, from import to the evaluation on the held-out split. Prints one JSON object per result.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      threads: { type: 'string', default: '0' },
      epochs: { type: 'string' },
      seed: { type: 'string', default: '0' },
      workspace: { type: 'string' },
    },
  });
  const names = values.only?.split(',') ?? results.map(({ name }) => name);
  const unknown = names.filter((name) => !results.some((result) => result.name === name));
  if (unknown.length > 0) {
    process.stderr.write(
      `No result is called ${unknown.join(', ')}. There are: ${results.map(({ name }) => name).join(', ')}\n`,
    );
    process.exitCode = 2;
    return;
  }
  const workspace = values.workspace ?? mkdtempSync(join(tmpdir(), 'lightbench-results-'));
  const studio = await Studio.open(workspace);
  try {
    for (const result of results.filter(({ name }) => names.includes(name))) {
      process.stderr.write(`${result.title} (asked: ${result.asked})\n`);
      const epochs = values.epochs === undefined ? undefined : Number(values.epochs);
      const options = { threads: Number(values.threads), epochs, seed: Number(values.seed) };
      const figures = await result.run(studio, options);
      process.stdout.write(`${JSON.stringify({ result: result.name, asked: result.asked, ...figures })}\n`);
    }
  } finally {
    await studio.close();
    if (values.workspace === undefined) rmSync(workspace, { recursive: true, force: true });
  }
}
