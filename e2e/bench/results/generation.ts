import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { Evaluation } from '../../../main/contract/evaluation.ts';
import { samplePicture } from '../generative/picture.ts';
import type { Figures, Result } from './result.ts';
import type { ResultOptions, Studio } from './studio.ts';
import { circumstances } from './trained.ts';

const FOLDER = 'out/generative';
const BYTE = 255;
const ASKED = 'at least 90 % of the samples judged at least 90 % sure by a classifier of the same digits';

/** A classifier of the digits, trained once per workspace: the engine takes it as the judge of what is drawn. */
async function trainJudge(studio: Studio, dataset: DatasetVersion, options: ResultOptions): Promise<void> {
  const runs = await studio.call('runs.list', { datasetDigest: dataset.digest });
  if (runs.some(({ task, status }) => task === 'image-classification' && status === 'FINISHED')) return;
  await studio.train(dataset, 'image-cnn', { ...options, epochs: 2 });
}

async function draw(studio: Studio, template: string, options: ResultOptions): Promise<Figures> {
  const dataset = await studio.sample('digits');
  await trainJudge(studio, dataset, options);
  const trained = await studio.train(dataset, template, options);
  const { generation } = trained.evaluation;
  return {
    ...generation?.fidelity,
    sheet: generation === undefined ? null : writeSheet(template, generation),
    ...circumstances(dataset, template, trained),
  };
}

/** The sheet of samples as a picture, to be looked at. */
function writeSheet(template: string, { pixels, columns }: NonNullable<Evaluation['generation']>): string {
  const file = path.join(FOLDER, `${template}.png`);
  mkdirSync(FOLDER, { recursive: true });
  const values = Float32Array.from(Buffer.from(pixels, 'base64'), (value) => value / BYTE);
  writeFileSync(file, samplePicture(values, columns));
  return file;
}

/** Digits of MNIST, drawn by class. */
export const generationResults: readonly Result[] = [
  {
    name: 'vae',
    title: 'Digits drawn by a variational autoencoder',
    asked: ASKED,
    run: (studio, options) => draw(studio, 'generation-vae', options),
  },
  {
    name: 'gan',
    title: 'Digits drawn by two networks that compete',
    asked: ASKED,
    run: (studio, options) => draw(studio, 'generation-gan', options),
  },
  {
    name: 'ddpm',
    title: 'Digits drawn by diffusion',
    asked: ASKED,
    run: (studio, options) => draw(studio, 'generation-diffusion', options),
  },
];
