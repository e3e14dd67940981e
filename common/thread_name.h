// Names of threads, as top -H and debuggers show them.
#ifndef LB_COMMON_THREAD_NAME_H_
#define LB_COMMON_THREAD_NAME_H_

#include <pthread.h>

#include <string>

namespace lb {

// Names the calling thread; what is beyond the kernel's 15 bytes is cut off.
inline void NameThread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

}  // namespace lb

#endif  // LB_COMMON_THREAD_NAME_H_
