import { dataTypes } from '../data-type.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/**
 * The same model with a further output in front of all others: an empty sequence of tensors. Protobuf merges what is
 * written one after the other, repeated fields in that order (https://protobuf.dev/programming-guides/encoding).
 */
export function withLeadingSequence(onnx: Uint8Array, name: string): Uint8Array {
  const writer = new ProtobufWriter();
  writer.message(7, (graph) => {
    graph.message(1, (node) => {
      node.text(2, name);
      node.text(3, name);
      node.text(4, 'SequenceEmpty');
    });
    graph.message(12, (value) => {
      value.text(1, name);
      value.message(2, (type) =>
        type.message(4, (sequence) =>
          sequence.message(1, (element) =>
            element.message(1, (tensor) => tensor.integer(1, dataTypes.float32.onnxCode)),
          ),
        ),
      );
    });
  });
  const front = writer.finish();
  const whole = new Uint8Array(front.length + onnx.length);
  whole.set(front);
  whole.set(onnx, front.length);
  return whole;
}
