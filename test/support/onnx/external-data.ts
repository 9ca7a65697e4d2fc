import { bytesField, type Field, integerField } from '../../../src/core/models/onnx/protobuf-writer.ts';

/** A tensor of one number that lies in another file. */
export function externalTensor(location: string): Field[] {
  return [
    integerField(1, 1),
    integerField(2, 1),
    bytesField(8, 'secret'),
    bytesField(13, [bytesField(1, 'location'), bytesField(2, location)]),
    bytesField(13, [bytesField(1, 'length'), bytesField(2, '4')]),
    integerField(14, 1),
  ];
}

const node = (attribute: Field[]): Field => bytesField(1, [bytesField(4, 'Any'), bytesField(5, attribute)]);
const graphOf = (attribute: Field[]): Field => bytesField(7, [node(attribute)]);
const subgraph = (graph: Field[]): Field => graphOf([bytesField(1, 'body'), bytesField(6, graph)]);

/** Where a tensor can be in an ONNX file, and the field of the model that has it there. */
const places: Readonly<Record<string, (tensor: Field[]) => Field>> = {
  initializer: (tensor) => bytesField(7, [bytesField(5, tensor)]),
  'values of a sparse initializer': (tensor) => bytesField(7, [bytesField(15, [bytesField(1, tensor)])]),
  'indices of a sparse initializer': (tensor) => bytesField(7, [bytesField(15, [bytesField(2, tensor)])]),
  constant: (tensor) => graphOf([bytesField(5, tensor)]),
  'list of constants': (tensor) => graphOf([bytesField(10, tensor)]),
  'sparse constant': (tensor) => graphOf([bytesField(22, [bytesField(1, tensor)])]),
  'list of sparse constants': (tensor) => graphOf([bytesField(23, [bytesField(2, tensor)])]),
  'initializer of a subgraph': (tensor) => subgraph([bytesField(5, tensor)]),
  'constant in a subgraph of a subgraph': (tensor) =>
    subgraph([node([bytesField(6, [node([bytesField(5, tensor)])])])]),
  'list of graphs': (tensor) => graphOf([bytesField(11, [bytesField(5, tensor)])]),
  'constant in a function': (tensor) =>
    bytesField(25, [bytesField(7, [bytesField(4, 'Any'), bytesField(5, [bytesField(5, tensor)])])]),
  'default of an attribute of a function': (tensor) =>
    bytesField(25, [bytesField(11, [bytesField(5, tensor)])]),
  'start of training': (tensor) => bytesField(20, [bytesField(1, [bytesField(5, tensor)])]),
  'steps of training': (tensor) => bytesField(20, [bytesField(2, [bytesField(5, tensor)])]),
};

export const tensorPlaces = Object.keys(places);

/** A model, as far as a reader of its structure goes, with a tensor in one place. */
export function modelWithTensor(place: string, tensor: Field[]): Buffer {
  const field = places[place]?.(tensor);
  if (!field) throw new Error(`no place ${place}`);
  return Buffer.concat([integerField(1, 8), field]);
}
