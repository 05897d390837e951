/** @file The parts of TensorFlow's SavedModel format that the compiler writes (saved_model.proto, graph.proto, config.proto …). */
import protobuf from 'protobufjs/light.js';

const field = (id: number, type: string) => ({ id, type });
const repeated = (id: number, type: string) => ({ id, type, rule: 'repeated' });
const map = (id: number, type: string) => ({ id, keyType: 'string', type });

const schema = protobuf.Root.fromJSON({
  nested: {
    SavedModel: {
      fields: { savedModelSchemaVersion: field(1, 'int64'), metaGraphs: repeated(2, 'MetaGraphDef') },
    },
    MetaGraphDef: { fields: { metaInfoDef: field(1, 'MetaInfoDef'), graphDef: field(2, 'GraphDef') } },
    MetaInfoDef: { fields: { tags: repeated(4, 'string') } },
    GraphDef: {
      fields: {
        node: repeated(1, 'NodeDef'),
        library: field(2, 'FunctionDefLibrary'),
        versions: field(4, 'VersionDef'),
      },
    },
    VersionDef: { fields: { producer: field(1, 'int32') } },
    NodeDef: {
      fields: {
        name: field(1, 'string'),
        op: field(2, 'string'),
        input: repeated(3, 'string'),
        attr: map(5, 'AttrValue'),
      },
    },
    AttrValue: {
      // Outside a oneof, values that are empty, 0 or false would be left out, and TensorFlow refuses such a node.
      oneofs: { value: { oneof: ['list', 's', 'i', 'b', 'type', 'shape', 'tensor', 'func', 'f'] } },
      fields: {
        list: field(1, 'ListValue'),
        s: field(2, 'bytes'),
        i: field(3, 'int64'),
        f: field(4, 'float'),
        b: field(5, 'bool'),
        type: field(6, 'int32'),
        shape: field(7, 'TensorShapeProto'),
        tensor: field(8, 'TensorProto'),
        func: field(10, 'NameAttrList'),
      },
    },
    ListValue: { fields: { i: repeated(3, 'int64'), type: repeated(6, 'int32') } },
    NameAttrList: { fields: { name: field(1, 'string') } },
    TensorShapeProto: { fields: { dim: repeated(2, 'Dim') } },
    Dim: { fields: { size: field(1, 'int64') } },
    TensorProto: {
      fields: {
        dtype: field(1, 'int32'),
        tensorShape: field(2, 'TensorShapeProto'),
        tensorContent: field(4, 'bytes'),
      },
    },
    FunctionDefLibrary: { fields: { function: repeated(1, 'FunctionDef') } },
    FunctionDef: {
      fields: {
        signature: field(1, 'OpDef'),
        nodeDef: repeated(3, 'NodeDef'),
        ret: map(4, 'string'),
        attr: map(5, 'AttrValue'),
        controlRet: map(6, 'string'),
      },
    },
    OpDef: {
      fields: {
        name: field(1, 'string'),
        inputArg: repeated(2, 'ArgDef'),
        outputArg: repeated(3, 'ArgDef'),
        isStateful: field(17, 'bool'),
        controlOutput: repeated(20, 'string'),
      },
    },
    ArgDef: { fields: { name: field(1, 'string'), type: field(3, 'int32') } },
    ConfigProto: {
      fields: { graphOptions: field(10, 'GraphOptions') },
    },
    GraphOptions: {
      fields: {
        optimizerOptions: field(3, 'OptimizerOptions'),
        rewriteOptions: field(10, 'RewriterConfig'),
      },
    },
    // 1 of its switches is on.
    RewriterConfig: { fields: { autoMixedPrecisionOnednnBfloat16: field(31, 'int32') } },
    OptimizerOptions: { fields: { globalJitLevel: field(5, 'int32') } },
  },
});

type MessageName = 'SavedModel' | 'ConfigProto';

/** @param message with the fields of the schema above */
export function encode(name: MessageName, message: Readonly<Record<string, unknown>>): Uint8Array {
  return schema.lookupType(name).encode(message).finish();
}

/** TensorFlow's numbers of element types (types.proto). */
export const DATA_TYPES = {
  float32: 1,
  int32: 3,
  uint8: 4,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  resource: 20,
} as const;
export type DataType = keyof typeof DATA_TYPES;
