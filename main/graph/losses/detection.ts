import { BATCH } from '../dimension.ts';
import { add, divide, maximum, multiply, reduceSum, relu, reshape, scale, shift, subtract } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import { decodeCorners } from '../operators/detection.ts';
import type { Tensor } from '../tensor.ts';
import type { LossRow } from './loss-row.ts';

/**
 * Of a detector's map [batch, classes + 4, height, width] (see `DetectorSpec` in main/models) against `y` float32 [batch,
 * boxes, 5]: (class, left, top, right, bottom) in pixels, rows of class −1 to fill up. The penalty-reduced focal loss of
 * the heat map (CenterNet, Zhou et al. 2019) plus `boxWeight` times the generalized IoU loss (Rezatofighi et al. 2019).
 */
export interface DetectionLossSpec {
  readonly kind: 'detection';
  /** Pixels per cell, the detector's own. Default 4. */
  readonly stride?: number;
  /** Default 5, as in TTFNet. */
  readonly boxWeight?: number;
}

const EPSILON = 1e-6;

const larger = (a: Tensor, b: Tensor): Tensor => add(b, relu(subtract(a, b)));
const smaller = (a: Tensor, b: Tensor): Tensor => subtract(a, relu(subtract(a, b)));

/** 1 − GIoU of corners [N, 4, cells] each, as [N, 1, cells]. */
function boxLoss(predicted: Tensor, wanted: Tensor): Tensor {
  const side = (corners: Tensor, start: number): Tensor =>
    corners.graph.apply('Slice', [corners], { axis: 1, start, size: 1 });
  const sides = (corners: Tensor) =>
    [0, 1, 2, 3].map((start) => side(corners, start)) as [Tensor, Tensor, Tensor, Tensor];
  const [left, top, right, bottom] = sides(predicted);
  const [wantedLeft, wantedTop, wantedRight, wantedBottom] = sides(wanted);
  const area = (width: Tensor, height: Tensor): Tensor => multiply(width, height);
  const shared = area(
    relu(subtract(smaller(right, wantedRight), larger(left, wantedLeft))),
    relu(subtract(smaller(bottom, wantedBottom), larger(top, wantedTop))),
  );
  const own = area(subtract(right, left), subtract(bottom, top));
  const other = area(subtract(wantedRight, wantedLeft), subtract(wantedBottom, wantedTop));
  const union = shift(subtract(add(own, other), shared), EPSILON);
  const hull = shift(
    area(
      subtract(larger(right, wantedRight), smaller(left, wantedLeft)),
      subtract(larger(bottom, wantedBottom), smaller(top, wantedTop)),
    ),
    EPSILON,
  );
  // 1 − IoU + (hull − union) / hull
  return shift(scale(add(divide(shared, union), divide(union, hull)), -1), 2);
}

/** Σ over cells: (1 − p)²·−log p at centres, (1 − heat)⁴·p²·−log(1 − p) elsewhere. */
function heatLoss(logits: Tensor, heat: Tensor): Tensor {
  const { graph } = logits;
  const square = (x: Tensor): Tensor => multiply(x, x);
  const probability = graph.apply('Sigmoid', [logits]);
  const isCentre = graph.apply('Sign', [relu(shift(heat, -1 + EPSILON))]);
  const missed = multiply(square(shift(scale(probability, -1), 1)), graph.apply('Softplus', [scale(logits, -1)]));
  const far = square(square(shift(scale(heat, -1), 1)));
  const invented = multiply(multiply(far, square(probability)), graph.apply('Softplus', [logits]));
  return reduceSum(add(multiply(isCentre, missed), invented), [0, 1, 2, 3]);
}

export const detectionLosses: { readonly detection: LossRow<DetectionLossSpec> } = {
  detection: {
    target: (graph, output) => {
      if (output.shape.length !== 4 || Number(output.shape[1]) < 5) {
        throw new GraphError(
          'shape-mismatch',
          `A detector yields [batch, classes + 4, height, width], not [${output.shape}].`,
        );
      }
      return graph.input('y', 'float32', [output.shape[0] ?? BATCH, 'boxes', 5]);
    },
    build: (output, y, { stride = 4, boxWeight = 5 }) => {
      const { graph } = output;
      const classes = Number(output.shape[1]) - 4;
      const part = (start: number, size: number): Tensor => graph.apply('Slice', [output], { axis: 1, start, size });
      const [heat, corners, weights, boxes] = graph.applyAll('DetectionTargets', [y, output], { classes, stride }) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const atLeastOne = maximum(boxes, graph.scalar(1));
      const heatTerm = divide(heatLoss(part(0, classes), heat), atLeastOne);
      const distances = graph.apply('Softplus', [part(classes, 4)]);
      const perCell = multiply(boxLoss(decodeCorners(distances, stride), corners), weights);
      const total = maximum(reduceSum(weights, [0, 1, 2]), graph.scalar(EPSILON));
      const boxTerm = divide(reduceSum(perCell, [0, 1, 2]), total);
      return {
        loss: add(heatTerm, scale(boxTerm, boxWeight)),
        figures: [
          { name: 'heatLoss', tensor: reshape(heatTerm, []) },
          { name: 'boxLoss', tensor: reshape(boxTerm, []) },
        ],
      };
    },
  },
};
