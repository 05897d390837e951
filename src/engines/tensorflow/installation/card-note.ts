/** @file What `td engines` says of a graphics card that nothing uses. */
import { findCards } from './graphics-card.ts';
import { INSTALL_COMMAND, type locateTensorflow } from './locate.ts';
import { offersGpu } from './wheels.ts';

/**
 * One sentence, or nothing if there is no card or it is used. Where TensorFlow is installed, the sentence is the one that the self-test
 * found then: to look again, TensorFlow would have to be loaded, which takes seconds.
 */
export async function describeUnusedCard(
  located: ReturnType<typeof locateTensorflow>,
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (!('reason' in located)) {
    const { cardNote } = located;
    return cardNote === undefined
      ? undefined
      : `${cardNote} (so it was when TensorFlow was installed; ${INSTALL_COMMAND} --force looks again)`;
  }
  const { names, problem } = await findCards(environment);
  const [name] = names;
  if (name !== undefined && offersGpu(process))
    return `${name} is there but not used by TensorFlow, which does not work here: ${INSTALL_COMMAND} --gpu brings it`;
  return problem === undefined
    ? undefined
    : `an NVIDIA card is there but its driver does not answer (${problem})`;
}
