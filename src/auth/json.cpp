// Boost.JSON, compiled here so that nothing has to be linked.
#include <boost/json/src.hpp>
