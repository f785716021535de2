import { describe, expect, it } from 'vitest';
import type { Tensor } from './datatype.ts';
import { type ModelSpecification, readInferenceRequest, writeInferenceRequest } from './inference-request.ts';
import { readInferenceResponse, writeInferenceResponse } from './inference-response.ts';
import { ProtocolError } from './protocol-error.ts';
import { readBinaryData, writeBinaryData } from './tensor-binary.ts';

const model: ModelSpecification = {
  inputs: [
    { name: 'image', datatype: 'UINT8', shape: [-1, 2, 2, 1] },
    { name: 'age', datatype: 'FP32', shape: [-1, 1] },
  ],
  outputs: [
    { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] },
    { name: 'logits', datatype: 'FP32', shape: [-1, 3] },
  ],
};
const image = { name: 'image', datatype: 'UINT8', shape: [2, 2, 2, 1], data: [0, 1, 2, 3, 4, 5, 6, 255] };
const age = { name: 'age', datatype: 'FP32', shape: [2, 1], data: [0.5, null] };
const read = (request: unknown) => readInferenceRequest(Buffer.from(JSON.stringify(request)), undefined, model);

describe('inference requests', () => {
  it('are read flat and nested, in the order of the model', () => {
    const flat = read({ id: 'a', inputs: [age, image] });
    expect(flat.inputs.map(({ name }) => name)).toEqual(['image', 'age']);
    expect(flat.inputs[0].data).toEqual(Uint8Array.from(image.data));
    expect([...(flat.inputs[1].data as Float32Array)]).toEqual([0.5, Number.NaN]);
    expect(flat).toMatchObject({ id: 'a', batchSize: 2 });
    const nested = read({
      inputs: [
        age,
        {
          ...image,
          data: [
            [
              [[0], [1]],
              [[2], [3]],
            ],
            [
              [[4], [5]],
              [[6], [255]],
            ],
          ],
        },
      ],
    });
    expect(nested.inputs).toEqual(flat.inputs);
  });

  it.each([
    ['not JSON', '{', /not JSON/],
    ['no object', '[]', /not a JSON object/],
    ['no inputs', '{}', /no "inputs"/],
  ])('are refused: %s', (_, text, message) => {
    expect(() => readInferenceRequest(Buffer.from(text), undefined, model)).toThrow(message);
  });

  it.each([
    ['a missing input', [image], /"age" is missing/],
    ['an unknown input', [image, age, { name: 'x' }], /no input "x"; it has "image", "age"/],
    ['a doubled input', [image, age, age], /2 times/],
    ['a wrong datatype', [{ ...image, datatype: 'FP32' }, age], /takes UINT8/],
    ['a wrong shape', [{ ...image, shape: [2, 2, 2] }, age], /shape \[2, 2, 2\]; the model takes \[-1, 2, 2, 1\]/],
    ['an empty batch', [{ ...image, shape: [0, 2, 2, 1], data: [] }, age], /any size from 1/],
    ['too few elements', [{ ...image, data: [1, 2] }, age], /2 elements; its shape \[2, 2, 2, 1\] asks for 8/],
    [
      'a value out of range',
      [{ ...image, data: [0, 1, 2, 3, 4, 5, 6, 256] }, age],
      /element 7: 256 is not an integer from 0 to 255/,
    ],
    ['a fraction', [{ ...image, data: [0, 1, 2, 3, 4, 5, 6, 0.5] }, age], /element 7: 0.5 is not an integer/],
    ['text for a number', [image, { ...age, data: ['x', 1] }], /element 0: "x" is not a number/],
    ['a ragged nest', [{ ...image, data: [[[[0], [1]], [[2]]], []] }, age], /nested wrongly/],
    ['two batch sizes', [image, { ...age, shape: [1, 1], data: [1] }], /different batch sizes: 2, 1/],
  ])('are refused with a sentence: %s', (_, inputs, message) => {
    expect(() => read({ inputs })).toThrow(ProtocolError);
    expect(() => read({ inputs })).toThrow(message);
  });

  it('refer to rows that exist, or to none', () => {
    const graph: ModelSpecification = {
      inputs: [
        { name: 'nodes', datatype: 'FP32', shape: [-1, 1] },
        { name: 'edges', datatype: 'INT64', shape: [2, -1], values: { from: 0, below: 'nodes' } },
        { name: 'label', datatype: 'INT64', shape: [-1], values: { from: -1, below: 3 } },
      ],
      outputs: [],
    };
    const ask = (edges: number[], label: number[]) => {
      const inputs = [
        { name: 'edges', datatype: 'INT64', shape: [2, edges.length / 2], data: edges },
        { name: 'label', datatype: 'INT64', shape: [2], data: label },
        { name: 'nodes', datatype: 'FP32', shape: [2, 1], data: [0, 1] },
      ];
      return readInferenceRequest(Buffer.from(JSON.stringify({ inputs })), undefined, graph);
    };
    expect(ask([0, 1, 1, 0], [-1, 2]).batchSize).toBe(2);
    expect(ask([], [0, 0]).inputs[1].shape).toEqual([2, 0]);
    expect(() => ask([0, 2], [0, 0])).toThrow(
      '"edges", element 1: 2 is not between 0 and 1, the number of rows of "nodes"',
    );
    expect(() => ask([-1, 0], [0, 0])).toThrow('-1 is not between 0 and 1');
    expect(() => ask([], [0, 3])).toThrow('"label", element 1: 3 is not between -1 and 2.');
  });

  it('choose outputs', () => {
    expect(read({ inputs: [image, age] }).outputs).toHaveLength(2);
    expect(
      read({ inputs: [image, age], outputs: [{ name: 'logits', parameters: { binary_data: true } }] }).outputs,
    ).toEqual([{ name: 'logits', binary: true }]);
    expect(() => read({ inputs: [image, age], outputs: [{ name: 'x' }] })).toThrow(/no output "x"/);
  });

  it('carry tensors as raw bytes behind the JSON', () => {
    const json = Buffer.from(
      JSON.stringify({
        parameters: { binary_data_output: true },
        inputs: [{ ...image, data: undefined, parameters: { binary_data_size: 8 } }, age],
      }),
    );
    const body = Buffer.concat([json, Buffer.from(image.data)]);
    const request = readInferenceRequest(body, json.byteLength, model);
    expect(request.inputs[0].data).toEqual(Uint8Array.from(image.data));
    expect(request.outputs.every((output) => output.binary)).toBe(true);
    expect(() => readInferenceRequest(body.subarray(0, -1), json.byteLength, model)).toThrow(/announces 8 bytes; 7/);
    expect(() => readInferenceRequest(Buffer.concat([body, body]), json.byteLength, model)).toThrow(
      /belong to no input/,
    );
    expect(() => readInferenceRequest(body, body.byteLength + 1, model)).toThrow(/does not fit/);
  });

  it('come back from their own text', () => {
    const inputs = read({ inputs: [image, age] }).inputs;
    expect(readInferenceRequest(Buffer.from(writeInferenceRequest(inputs)), undefined, model).inputs).toEqual(inputs);
  });
});

describe('inference responses', () => {
  const probabilities: Tensor = {
    name: 'probabilities',
    datatype: 'FP32',
    shape: [1, 3],
    data: Float32Array.of(0.1, 0.2, 0.7),
  };

  it('keep every bit of a float', () => {
    const { body, jsonLength } = writeInferenceResponse(
      { id: 'a', modelName: 'm', modelVersion: '3', outputs: [probabilities] },
      new Set(),
    );
    expect(jsonLength).toBeUndefined();
    expect(readInferenceResponse(Buffer.from(body).toString())).toEqual({
      id: 'a',
      modelName: 'm',
      modelVersion: '3',
      outputs: [probabilities],
    });
  });

  it('put binary outputs behind the JSON', () => {
    const { body, jsonLength } = writeInferenceResponse(
      { modelName: 'm', modelVersion: '3', outputs: [probabilities] },
      new Set(['probabilities']),
    );
    const tail = body.subarray(jsonLength);
    expect(readBinaryData('probabilities', 'FP32', [1, 3], tail)).toEqual(probabilities.data);
    expect(JSON.parse(Buffer.from(body.subarray(0, jsonLength)).toString()).outputs[0].parameters).toEqual({
      binary_data_size: 12,
    });
  });
});

it('texts survive the binary form', () => {
  const data = ['', 'é', 'long text'];
  const bytes = writeBinaryData({ name: 't', datatype: 'BYTES', shape: [3], data });
  expect(readBinaryData('t', 'BYTES', [3], bytes)).toEqual(data);
  expect(() => readBinaryData('t', 'BYTES', [2], bytes)).toThrow(/should be 2 texts/);
});
