import { describe, expect, it } from 'vitest';
import { compileForward, compileTrainStep, GraphError, initializeParameters, STANDARD } from '../../graph/index.ts';
import { floats, numbers, openSession, runOnce, StepRunner } from '../../graph/run-onnx.test-support.ts';
import { buildModel } from '../build-model.ts';

const image = (channels: number, size: number) => ({ kind: 'image', channels, height: size, width: size }) as const;
const thousand = { kind: 'classification', classes: 1000 } as const;

describe('image models', () => {
  it.each([
    ['ResNet-18', { kind: 'resnet', channels: [64, 128, 256, 512], blocksPerStage: 2, stem: 'imagenet' }, 11_689_512],
    [
      'ResNet-50',
      {
        kind: 'resnet',
        channels: [64, 128, 256, 512],
        blocksPerStage: [3, 4, 6, 3],
        block: 'bottleneck',
        stem: 'imagenet',
      },
      25_557_032,
    ],
    ['MobileNetV2', { kind: 'mobilenet_v2' }, 3_504_872],
  ] as const)('%s has as many parameters as in torchvision', (_name, spec, count) => {
    expect(buildModel(spec, image(3, 224), thousand).summary.parameterCount).toBe(count);
  });

  it('name what does not fit', () => {
    const segmentation = { kind: 'segmentation', classes: 2 } as const;
    expect(() => buildModel({ kind: 'unet', channels: [4, 8, 16] }, image(1, 10), segmentation)).toThrow(
      'multiples of 4',
    );
    expect(() => buildModel({ kind: 'unet', channels: [4, 8] }, image(1, 8), thousand)).toThrow('segmentation');
    const detection = { kind: 'detection', classes: 2 } as const;
    expect(() => buildModel({ kind: 'detector', channels: [4, 8] }, image(1, 8), detection)).toThrow(GraphError);
  });

  it('the detector finds a bright square after a few steps, and says where', async () => {
    const [batch, size] = [4, 32];
    const model = buildModel(
      { kind: 'detector', channels: [8, 16, 16], normalization: 'group', stride: 4 },
      image(1, size),
      { kind: 'detection', classes: 2 },
    );
    const places = [4, 8, 12, 16];
    const x = new Float32Array(batch * size * size);
    const boxes = places.map((place, index) => {
      for (let row = place; row < place + 12; row++)
        x.fill(1, (index * size + row) * size + place, (index * size + row) * size + place + 12);
      return [index % 2 === 0 ? 0 : 1, place, place, place + 12, place + 12];
    });
    // The second class is darker.
    for (let place = 0; place < x.length; place++)
      if (Math.floor(place / (size * size)) % 2 === 1) x[place] = -(x[place] ?? 0);
    const step = compileTrainStep(model, { loss: { kind: 'detection' }, optimizer: { kind: 'adamw' } });
    const runner = new StepRunner(await openSession(step.onnx), step);
    const data = { x: floats(x, [batch, 1, size, size]), y: floats(boxes.flat(), [batch, 1, 5]) };
    for (let count = 0; count < 150; count++) await runner.run(data, 5e-3);
    const parameters = Object.fromEntries(
      Object.keys(initializeParameters(model.module, 0)).map((name) => [name, runner.state(name)]),
    );
    const result = await runOnce(compileForward(model, { parameters, target: STANDARD }), { x: data.x });
    expect(result.detections?.dims).toEqual([batch, 7]);
    const rows = numbers(result.detections);
    const found = Array.from({ length: batch }, (_, row) => [...rows.subarray(row * 7, row * 7 + 7)]);
    found.sort(([left = 0], [right = 0]) => left - right);
    found.forEach(([picture, label, score, ...corners], index) => {
      expect([picture, label]).toEqual([index, boxes[index]?.[0]]);
      expect(score).toBeGreaterThan(0.5);
      corners.forEach((corner, side) => {
        expect(Math.abs(corner - (boxes[index]?.[side + 1] ?? 0))).toBeLessThan(2);
      });
    });
  });

  it('stochastic depth drops whole samples, by seed and step alone', async () => {
    const model = buildModel(
      {
        kind: 'sequential',
        layers: [
          {
            kind: 'residual',
            layers: [
              { kind: 'conv2d', channels: 16, kernel: 1 },
              { kind: 'stochastic_depth', probability: 0.5 },
            ],
          },
        ],
      },
      image(16, 2),
      { kind: 'regression', outputs: 1 },
    );
    const step = compileTrainStep(model, { loss: { kind: 'mse' }, optimizer: { kind: 'sgd' } });
    const session = await openSession(step.onnx);
    const data = { x: floats(new Float32Array(8 * 64).fill(1), [8, 16, 2, 2]), y: floats(new Float32Array(8), [8, 1]) };
    const lossesOf = async (seed: number) => {
      const runner = new StepRunner(session, step);
      const losses: number[] = [];
      for (let count = 0; count < 6; count++) losses.push((await runner.run(data, 0, seed)).loss);
      return losses;
    };
    const [first, again, other] = [await lossesOf(1), await lossesOf(1), await lossesOf(2)];
    expect(first).toEqual(again);
    expect(first).not.toEqual(other);
    // Equal samples: each is kept (doubled) or dropped, so a loss is one of nine, by how many were kept.
    expect(new Set(first).size).toBeGreaterThan(1);
  });
});
