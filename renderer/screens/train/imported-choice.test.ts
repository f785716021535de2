import { expect, it } from 'vitest';
import { importedConfig } from '../../../main/contract/models/imported.ts';
import { type ImportedChoice, modelSection } from './imported-choice.ts';

const choice: ImportedChoice = {
  source: { kind: 'file', value: '/models/net.onnx' },
  head: 'new',
  learns: 'all',
  patterns: ['layer4.*'],
  rank: 8,
};

it.each<[Partial<ImportedChoice>, Record<string, unknown>]>([
  [{}, { file: '/models/net.onnx', head: 'new' }],
  [
    { source: { kind: 'version', value: 'digits@2' }, head: 'keep' },
    { version: 'digits@2', head: 'keep' },
  ],
  [{ learns: 'some' }, { file: '/models/net.onnx', head: 'new', trainable: ['layer4.*'] }],
  [{ learns: 'none' }, { file: '/models/net.onnx', head: 'new', trainable: [] }],
  [{ learns: 'adapters' }, { file: '/models/net.onnx', head: 'new', lora: { rank: 8, targets: ['*'] } }],
])('%j becomes a section that the config takes', (patch, expected) => {
  expect(importedConfig.parse(modelSection({ ...choice, ...patch }))).toEqual({ kind: 'imported', ...expected });
});
