/** @file A model of a plugin, held to its contract: what it says of its weights is looked at before they are trained and pruned. */
import { UserError } from '../errors.ts';
import { at } from '../lookup.ts';
import type { Model, PrunableWeight } from './types.ts';

/**
 * @param where names the plugin, in errors
 * @returns the model
 * @throws UserError if it takes other images or classes, a name stands twice among its parameters, or a prunable weight is none of its
 *   kernels, has another shape, or an output that does not fit it
 */
export function modelHeldToContract(
  model: Model,
  imageShape: Model['inputShape'],
  classes: number,
  where: string,
): Model {
  const refuse = (text: string): never => {
    throw new UserError(`${where}: ${text}`);
  };
  const { inputShape, parameters, prunable } = model;
  if (inputShape.join() !== imageShape.join())
    refuse(
      `inputShape is [${inputShape.join(', ')}], expected that of the images, [${imageShape.join(', ')}]`,
    );
  if (model.classes !== classes)
    refuse(`classes is ${model.classes}, expected the ${classes} of the data set`);
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
  const twice = parameters.find(
    ({ name }, index) => parameters.findIndex((one) => one.name === name) !== index,
  );
  if (twice !== undefined) refuse(`two parameters are named "${twice.name}", expected each once`);
  const kernels = parameters.filter(({ role }) => role === 'kernel').map(({ name }) => name);
  for (const weight of prunable) {
    const { name, shape } = weight;
    if (!kernels.includes(name))
      refuse(`"${name}" is prunable and no kernel, expected one of: ${kernels.join(', ')}`);
    const own = shapes.get(name) ?? [];
    if (shape.join() !== own.join())
      refuse(
        `the prunable weight "${name}" is [${shape.join(', ')}], but the kernel [${own.join(', ')}], expected the same`,
      );
    if (!isOutputOf(weight))
      refuse(
        `outputShape of "${name}" is [${weight.outputShape.join(', ')}], expected ${describeOutput(weight)}`,
      );
  }
  return model;
}

function isOutputOf({ layer, shape, outputShape }: PrunableWeight): boolean {
  return (
    outputShape.length === (layer === 'dense' ? 1 : 3) &&
    outputShape.every((size) => Number.isSafeInteger(size) && size > 0) &&
    outputShape.at(-1) === shape.at(-1)
  );
}

function describeOutput({ layer, shape }: PrunableWeight): string {
  const units = at(shape, shape.length - 1);
  return layer === 'dense' ? `[${units}]` : `[height, width, ${units}]`;
}
