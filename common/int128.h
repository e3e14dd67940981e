// 128-bit integers, for products of two 64-bit ones. Pure.
#ifndef LB_COMMON_INT128_H_
#define LB_COMMON_INT128_H_

namespace lb {

// A GCC and Clang extension, marked as such once.
__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

}  // namespace lb

#endif  // LB_COMMON_INT128_H_
