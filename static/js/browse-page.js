/* Browse: the map, what is chosen and typed, and the cart beside it. */

import "./map.js";
import "./browse.js";
import "./order.js";
