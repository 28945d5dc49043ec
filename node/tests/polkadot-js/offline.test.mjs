// Offline signing with the metadata hash, on a real node.

import { tell } from './lib/story.mjs';
import * as offline from './offline.mjs';

tell(offline);
