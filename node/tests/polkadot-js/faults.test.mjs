// Faults and what they cost, on a real node.

import * as faults from './faults.mjs';
import { tell } from './lib/story.mjs';

tell(faults);
