import { dataTypes } from '../data-type.ts';
import { splitDimension } from '../dimension.ts';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxTensor, OnnxValueInfo } from './model.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

const ATTRIBUTE_TYPES: Readonly<Record<OnnxAttribute['kind'], number>> = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
};

/** Serialises a model as ONNX protobuf; field numbers are those of onnx/onnx.proto. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const writer = new ProtobufWriter();
  writer.integer(1, model.irVersion);
  writer.text(2, model.producer);
  writer.message(7, (inner) => writeGraph(inner, model.graph));
  for (const [domain, version] of Object.entries(model.opsets)) {
    writer.message(8, (inner) => {
      inner.text(1, domain);
      inner.integer(2, version);
    });
  }
  for (const [key, value] of Object.entries(model.metadata)) {
    writer.message(14, (inner) => {
      inner.text(1, key);
      inner.text(2, value);
    });
  }
  return writer.finish();
}

function writeGraph(writer: ProtobufWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) {
    writer.message(1, (inner) => {
      for (const name of node.inputs) inner.text(1, name);
      for (const name of node.outputs) inner.text(2, name);
      inner.text(3, node.name);
      inner.text(4, node.operator);
      for (const [name, value] of Object.entries(node.attributes)) {
        inner.message(5, (attribute) => writeAttribute(attribute, name, value));
      }
      if (node.domain !== '') inner.text(7, node.domain);
    });
  }
  writer.text(2, graph.name);
  for (const tensor of graph.initializers) writer.message(5, (inner) => writeTensor(inner, tensor));
  for (const value of graph.inputs) writer.message(11, (inner) => writeValueInfo(inner, value));
  for (const value of graph.outputs) writer.message(12, (inner) => writeValueInfo(inner, value));
  for (const value of graph.values ?? []) writer.message(13, (inner) => writeValueInfo(inner, value));
}

function writeTensor(writer: ProtobufWriter, tensor: OnnxTensor): void {
  for (const dim of tensor.dims) writer.integer(1, dim);
  writer.integer(2, dataTypes[tensor.dtype].onnxCode);
  writer.text(8, tensor.name);
  writer.bytes(9, new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
}

function writeAttribute(writer: ProtobufWriter, name: string, attribute: OnnxAttribute): void {
  writer.text(1, name);
  switch (attribute.kind) {
    case 'float':
      writer.float(2, attribute.value);
      break;
    case 'int':
      writer.integer(3, attribute.value);
      break;
    case 'string':
      writer.text(4, attribute.value);
      break;
    case 'tensor':
      writer.message(5, (inner) => writeTensor(inner, attribute.value));
      break;
    case 'graph':
      writer.message(6, (inner) => writeGraph(inner, attribute.value));
      break;
    case 'floats':
      for (const value of attribute.value) writer.float(7, value);
      break;
    case 'ints':
      for (const value of attribute.value) writer.integer(8, value);
      break;
    case 'strings':
      for (const value of attribute.value) writer.text(9, value);
      break;
  }
  writer.integer(20, ATTRIBUTE_TYPES[attribute.kind]);
}

function writeValueInfo(writer: ProtobufWriter, value: OnnxValueInfo): void {
  writer.text(1, value.name);
  writer.message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.integer(1, dataTypes[value.dtype].onnxCode);
      tensor.message(2, (shape) => {
        for (const dimension of value.shape) {
          shape.message(1, (inner) => {
            const { factor, symbol } = splitDimension(dimension);
            if (symbol === '') inner.integer(1, factor);
            else inner.text(2, factor === 1 ? symbol : `${symbol}_times_${factor}`);
          });
        }
      });
    }),
  );
}
