// A model's life, chapter by chapter, on a real node.

import * as life from './life.mjs';
import { tell } from './lib/story.mjs';

tell(life);
