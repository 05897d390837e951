/** @file tfjs prints an advertisement when its cpu backend is first used in Node, unless it is in production mode. */
import * as tf from '@tensorflow/tfjs';

tf.enableProdMode();
