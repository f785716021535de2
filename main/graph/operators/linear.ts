import type { Shape } from '../dimension.ts';
import { broadcastShapes, elementCount } from '../dimension.ts';
import { gemm, matmul, sumTo, transpose } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { OperatorTable } from '../operator.ts';
import type { Tensor } from '../tensor.ts';
import { inputOf, need, outputOf } from './rule-inputs.ts';

export const linearOperators: OperatorTable = {
  /** Inputs [M, K] and [K, N] (each possibly transposed) and an optional bias that broadcasts to [M, N]. */
  Gemm: {
    inferTypes: (inputs, attributes) => {
      const [left, right] = [need(inputs[0]), need(inputs[1])];
      const [rows, inner] = oriented(left.shape, attributes.transposeLeft === true);
      const [innerRight, columns] = oriented(right.shape, attributes.transposeRight === true);
      if (inner !== innerRight) {
        throw new GraphError('shape-mismatch', `[${left.shape}] and [${right.shape}] cannot be multiplied.`);
      }
      return [{ dtype: left.dtype, shape: [rows, columns] }];
    },
    lower: {
      standard: (lowering, node) => {
        const names = node.inputs.map((input) => (input ? lowering.plain(input) : undefined));
        const attributes = {
          transA: node.attributes.transposeLeft ? 1 : 0,
          transB: node.attributes.transposeRight ? 1 : 0,
        };
        lowering.define(outputOf(node), lowering.emit('Gemm', names, attributes));
      },
    },
    gradient: ({ node, gradients, needs }) => {
      const [a, b, g] = [inputOf(node, 0), inputOf(node, 1), need(gradients[0])];
      const bias = node.inputs[2];
      const [ta, tb] = [node.attributes.transposeLeft === true, node.attributes.transposeRight === true];
      // y = A·B: dA = g·Bᵀ and dB = Aᵀ·g; a transposed operand gets the transposed product.
      const left = (): Tensor => (ta ? gemm(b, g, undefined, tb, true) : gemm(g, b, undefined, false, !tb));
      const right = (): Tensor => (tb ? gemm(g, a, undefined, true, ta) : gemm(a, g, undefined, !ta, false));
      return [
        needs[0] ? left() : undefined,
        needs[1] ? right() : undefined,
        bias && needs[2] ? sumTo(g, bias.shape) : undefined,
      ];
    },
    flops: (node) => {
      const inner = oriented(inputOf(node, 0).shape, node.attributes.transposeLeft === true)[1];
      return 2 * elementCount(outputOf(node).shape) * elementCount([inner]);
    },
  },
  /** NumPy's matmul for operands of rank two or more. */
  MatMul: {
    inferTypes: (inputs) => {
      const [left, right] = [need(inputs[0]), need(inputs[1])];
      const batch = broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2));
      const [rows, inner] = [need(left.shape.at(-2)), need(left.shape.at(-1))];
      const [innerRight, columns] = [need(right.shape.at(-2)), need(right.shape.at(-1))];
      if (inner !== innerRight) {
        throw new GraphError('shape-mismatch', `[${left.shape}] and [${right.shape}] cannot be multiplied.`);
      }
      return [{ dtype: left.dtype, shape: [...batch, rows, columns] }];
    },
    lower: {
      standard: (lowering, node) => {
        const names = [lowering.plain(inputOf(node, 0)), lowering.plain(inputOf(node, 1))];
        lowering.define(outputOf(node), lowering.emit('MatMul', names));
      },
    },
    gradient: ({ node, gradients, needs }) => {
      const [a, b, g] = [inputOf(node, 0), inputOf(node, 1), need(gradients[0])];
      return [
        needs[0] ? sumTo(matmul(g, swapLast(b)), a.shape) : undefined,
        needs[1] ? sumTo(matmul(swapLast(a), g), b.shape) : undefined,
      ];
    },
    flops: (node) => 2 * elementCount(outputOf(node).shape) * elementCount([need(inputOf(node, 0).shape.at(-1))]),
  },
};

function oriented(shape: Shape, transposed: boolean): Shape {
  if (shape.length !== 2) throw new GraphError('shape-mismatch', `Gemm needs matrices, not [${shape}].`);
  return transposed ? [need(shape[1]), need(shape[0])] : shape;
}

function swapLast(x: Tensor): Tensor {
  const order = x.shape.map((_, axis) => axis);
  const last = order.length - 1;
  [order[last - 1], order[last]] = [last, last - 1];
  return transpose(x, order);
}
