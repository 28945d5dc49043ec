// Void windows, refuted merges and the end of a model, on a real node.

import * as merges from './merges.mjs';
import { tell } from './lib/story.mjs';

tell(merges);
