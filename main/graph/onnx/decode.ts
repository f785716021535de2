import type { DataType, TensorData } from '../data-type.ts';
import { dataTypeOfCode, dataTypes } from '../data-type.ts';
import type { Dimension } from '../dimension.ts';
import { GraphError } from '../graph-error.ts';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from './model.ts';
import type { ProtobufField } from './protobuf-reader.ts';
import {
  fieldBytes,
  fieldFloat,
  fieldInteger,
  fieldText,
  readFields,
  repeatedFloats,
  repeatedIntegers,
} from './protobuf-reader.ts';

/** Parses ONNX protobuf bytes. @throws GraphError `malformed-onnx`. */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  let irVersion = 0;
  let producer = '';
  let graph: OnnxGraph | undefined;
  const opsets: Record<string, number> = {};
  const metadata: Record<string, string> = {};
  for (const entry of readFields(bytes)) {
    if (entry.field === 1) irVersion = fieldInteger(entry);
    else if (entry.field === 2) producer = fieldText(entry);
    else if (entry.field === 7) graph = readGraph(fieldBytes(entry));
    else if (entry.field === 8) {
      const parts = collect(entry);
      opsets[optionalText(parts, 1)] = parts.has(2) ? fieldInteger(only(parts, 2)) : 0;
    } else if (entry.field === 14) {
      const parts = collect(entry);
      metadata[optionalText(parts, 1)] = optionalText(parts, 2);
    }
  }
  if (!graph) throw new GraphError('malformed-onnx', 'The file holds no ONNX graph.');
  return { irVersion, producer, opsets, metadata, graph };
}

function readGraph(bytes: Uint8Array): OnnxGraph {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const inputs: OnnxValueInfo[] = [];
  const outputs: OnnxValueInfo[] = [];
  let name = '';
  for (const entry of readFields(bytes)) {
    if (entry.field === 1) nodes.push(readNode(entry));
    else if (entry.field === 2) name = fieldText(entry);
    else if (entry.field === 5) initializers.push(readTensor(entry));
    else if (entry.field === 11) inputs.push(readValueInfo(entry));
    else if (entry.field === 12) outputs.push(readValueInfo(entry));
  }
  return { name, nodes, initializers, inputs, outputs };
}

function readNode(entry: ProtobufField): OnnxNode {
  const parts = collect(entry);
  const attributes: Record<string, OnnxAttribute> = {};
  for (const item of parts.get(5) ?? []) {
    const fields = collect(item);
    attributes[optionalText(fields, 1)] = readAttribute(fields);
  }
  return {
    operator: optionalText(parts, 4),
    domain: optionalText(parts, 7),
    name: optionalText(parts, 3),
    inputs: (parts.get(1) ?? []).map(fieldText),
    outputs: (parts.get(2) ?? []).map(fieldText),
    attributes,
  };
}

function readAttribute(fields: Fields): OnnxAttribute {
  const type = fields.has(20) ? fieldInteger(only(fields, 20)) : 0;
  switch (type) {
    case 1:
      return { kind: 'float', value: fields.has(2) ? fieldFloat(only(fields, 2)) : 0 };
    case 2:
      return { kind: 'int', value: fields.has(3) ? fieldInteger(only(fields, 3)) : 0 };
    case 3:
      return { kind: 'string', value: optionalText(fields, 4) };
    case 4:
      return { kind: 'tensor', value: readTensor(only(fields, 5)) };
    case 5:
      return { kind: 'graph', value: readGraph(fieldBytes(only(fields, 6))) };
    case 6:
      return { kind: 'floats', value: (fields.get(7) ?? []).flatMap(repeatedFloats) };
    case 7:
      return { kind: 'ints', value: (fields.get(8) ?? []).flatMap(repeatedIntegers) };
    case 8:
      return { kind: 'strings', value: (fields.get(9) ?? []).map(fieldText) };
    default:
      throw new GraphError('malformed-onnx', `ONNX attribute type ${type} is not supported.`);
  }
}

function readTensor(entry: ProtobufField): OnnxTensor {
  const parts = collect(entry);
  const dims = (parts.get(1) ?? []).flatMap(repeatedIntegers);
  const dtype = dataTypeOfCode(fieldInteger(only(parts, 2)));
  const data = parts.has(9) ? dataTypes[dtype].fromBytes(fieldBytes(only(parts, 9))) : readTypedFields(parts, dtype);
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (data.length !== count) {
    throw new GraphError('malformed-onnx', `A tensor of ${count} elements holds ${data.length} values.`);
  }
  return { name: optionalText(parts, 8), dtype, dims, data };
}

/** Other writers keep small tensors in float_data, int32_data or int64_data instead of raw_data. */
function readTypedFields(parts: Fields, dtype: DataType): TensorData {
  if (dtype === 'float32') return Float32Array.from((parts.get(4) ?? []).flatMap(repeatedFloats));
  if (dtype === 'int64') {
    return BigInt64Array.from((parts.get(7) ?? []).flatMap(repeatedIntegers).map((value) => BigInt(value)));
  }
  const integers = (parts.get(5) ?? []).flatMap(repeatedIntegers);
  if (dtype === 'int32') return Int32Array.from(integers);
  if (dtype === 'uint8' || dtype === 'bool') return Uint8Array.from(integers);
  throw new GraphError('malformed-onnx', `A ${dtype} tensor without raw data is not supported.`);
}

function readValueInfo(entry: ProtobufField): OnnxValueInfo {
  const parts = collect(entry);
  const tensorType = collect(only(collect(only(parts, 2)), 1));
  const dtype = dataTypeOfCode(fieldInteger(only(tensorType, 1)));
  const shapeEntry = tensorType.get(2)?.[0];
  const shape = shapeEntry ? (collect(shapeEntry).get(1) ?? []).map(readDimension) : [];
  return { name: optionalText(parts, 1), dtype, shape };
}

function readDimension(entry: ProtobufField): Dimension {
  const parts = collect(entry);
  if (parts.has(1)) return fieldInteger(only(parts, 1));
  const text = optionalText(parts, 2);
  const multiple = /^(.+)_times_(\d+)$/.exec(text);
  return multiple ? `${multiple[2]}*${multiple[1]}` : text;
}

type Fields = ReadonlyMap<number, readonly ProtobufField[]>;

function collect(entry: ProtobufField): Fields {
  const fields = new Map<number, ProtobufField[]>();
  for (const item of readFields(fieldBytes(entry))) {
    const list = fields.get(item.field);
    if (list) list.push(item);
    else fields.set(item.field, [item]);
  }
  return fields;
}

function only(fields: Fields, field: number): ProtobufField {
  const entry = fields.get(field)?.at(-1);
  if (!entry) throw new GraphError('malformed-onnx', `Field ${field} is missing.`);
  return entry;
}

function optionalText(fields: Fields, field: number): string {
  const entry = fields.get(field)?.at(-1);
  return entry ? fieldText(entry) : '';
}
