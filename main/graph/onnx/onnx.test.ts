import { describe, expect, it } from 'vitest';
import { compileTrainStep } from '../compile/train-step.ts';
import { GraphError } from '../graph-error.ts';
import { ReLU } from '../layers/activation.ts';
import { Dropout, Flatten, Sequential } from '../layers/container.ts';
import { Conv2d } from '../layers/convolution.ts';
import { Linear } from '../layers/linear.ts';
import { BatchNorm2d } from '../layers/normalization.ts';
import { MaxPool2d } from '../layers/pooling.ts';
import { decodeModel } from './decode.ts';
import { encodeModel } from './encode.ts';
import type { OnnxModel } from './model.ts';

const model = {
  module: new Sequential([
    new Conv2d(1, 4, 3),
    new BatchNorm2d(4),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Dropout(0.5),
    new Linear(36, 3),
  ]),
  inputShape: [1, 8, 8],
};
const bytes = compileTrainStep(model, { loss: { kind: 'cross_entropy' }, optimizer: { kind: 'adamw' } }).onnx;

describe('the ONNX wire format', () => {
  it('reads back exactly what it wrote', () => {
    const decoded = decodeModel(bytes);
    expect(decoded.graph.nodes.length).toBeGreaterThan(50);
    expect(encodeModel(decoded)).toEqual(bytes);
  });

  it('keeps every kind of attribute, negative integers and metadata', () => {
    const tensor = { name: 't', dtype: 'int64', dims: [2], data: BigInt64Array.of(-5n, 2n ** 40n) } as const;
    const inner = { name: 'inner', nodes: [], initializers: [tensor], inputs: [], outputs: [] };
    const source: OnnxModel = {
      irVersion: 10,
      producer: 'test',
      opsets: { '': 21, 'com.example': 1 },
      metadata: { licence: 'MIT' },
      graph: {
        name: 'g',
        inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 3, '32*batch'] }],
        outputs: [],
        initializers: [],
        nodes: [
          {
            operator: 'Op',
            domain: 'com.example',
            name: 'n',
            inputs: ['x', '', 'z'],
            outputs: ['y'],
            attributes: {
              a: { kind: 'float', value: 0.5 },
              b: { kind: 'int', value: -7 },
              c: { kind: 'string', value: 'ä' },
              d: { kind: 'floats', value: [1.5, -2] },
              e: { kind: 'ints', value: [-1, 300] },
              f: { kind: 'strings', value: ['p', 'q'] },
              g: { kind: 'tensor', value: tensor },
              h: { kind: 'graph', value: inner },
            },
          },
        ],
      },
    };
    expect(decodeModel(encodeModel(source))).toEqual(source);
  });

  it('refuses damaged files with its own error', () => {
    for (let length = 0; length < bytes.length; length += 97) {
      try {
        decodeModel(bytes.subarray(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(GraphError);
      }
    }
    expect(() => decodeModel(new Uint8Array())).toThrow('no ONNX graph');
    expect(() => decodeModel(bytes.subarray(0, bytes.length >> 1))).toThrow(GraphError);
  });
});
