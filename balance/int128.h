// 128-bit integers for products that decide something. Pure.
#ifndef LB_BALANCE_INT128_H_
#define LB_BALANCE_INT128_H_

namespace lb::balance {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

}  // namespace lb::balance

#endif  // LB_BALANCE_INT128_H_
